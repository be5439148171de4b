//! Every way in which a request can fail: one closed table of stable codes.

use hyper::StatusCode;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:ident, $en:literal, $zh:literal;)*) => {
        /// Why a request failed. The code of a row never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code there is, for documentation and tests.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The status that goes with it.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// Its title, in English and in Chinese.
            #[must_use]
            pub const fn titles(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($en, $zh),)* }
            }
        }
    };
}

codes! {
    /// The body is not the JSON that the route takes.
    BadJson = "bad-json", BAD_REQUEST, "The body is not the expected JSON", "请求体不是所要求的JSON";
    /// A part of the path or of the query is malformed.
    BadParameter = "bad-parameter", BAD_REQUEST, "A parameter is malformed", "参数格式错误";
    /// The body could not be received as it was announced.
    BadBody = "bad-body", BAD_REQUEST, "The body could not be received", "请求体接收失败";
    /// There is no client certificate.
    CertificateRequired = "certificate-required", UNAUTHORIZED, "A client certificate is required", "需要客户端证书";
    /// The client certificate ended while the connection was open.
    CertificateExpired = "certificate-expired", UNAUTHORIZED, "The client certificate has expired", "客户端证书已过期";
    /// The client certificate was revoked since the connection was made.
    CertificateRevoked = "certificate-revoked", UNAUTHORIZED, "The client certificate has been revoked", "客户端证书已被吊销";
    /// The client certificate belongs to no caller.
    UnknownCaller = "unknown-caller", FORBIDDEN, "The client certificate belongs to no registered caller", "客户端证书未对应任何已登记的调用方";
    /// The caller lacks the role.
    RoleRequired = "role-required", FORBIDDEN, "The caller lacks the role for this", "调用方不具备所需角色";
    /// The matter belongs to another organisation.
    OtherOrganisation = "other-organisation", FORBIDDEN, "This belongs to another organisation", "该事项属于其他机构";
    /// No grant allows any of what was asked.
    NotGranted = "not-granted", FORBIDDEN, "No grant allows this", "未获授权";
    /// The application is the caller's own.
    OwnApplication = "own-application", FORBIDDEN, "Nobody decides on an application of their own", "不得审批自己的申请";
    /// The token of a holder is not good for this.
    TokenRefused = "token-refused", FORBIDDEN, "The holder's token is refused", "持证主体授权令牌被拒绝";
    /// No grant of the caller's is for the feed.
    FeedNotGranted = "feed-not-granted", FORBIDDEN, "No grant of the caller allows to follow changes", "调用方没有可订阅变更的授权";
    /// There is no such route.
    NotFound = "not-found", NOT_FOUND, "There is nothing at this path", "该路径不存在";
    /// There is no such licence.
    LicenceNotFound = "licence-not-found", NOT_FOUND, "No such licence is on record", "未登记该证照";
    /// There is no such seal.
    SealNotFound = "seal-not-found", NOT_FOUND, "No such seal is on record", "未登记该印章";
    /// There is no such application for a seal.
    SealApplicationNotFound = "seal-application-not-found", NOT_FOUND, "No such application for a seal is on record", "未登记该印章申请";
    /// There is no such application for a grant, or it is not for this caller.
    GrantApplicationNotFound = "grant-application-not-found", NOT_FOUND, "No such application for a grant is on record", "未登记该授权申请";
    /// There is no such grant, or it is not for this caller.
    GrantNotFound = "grant-not-found", NOT_FOUND, "No such grant is on record", "未登记该授权";
    /// There is no such objection, or it is not for this caller.
    ObjectionNotFound = "objection-not-found", NOT_FOUND, "No such objection is on record for this caller", "未登记可供调用方查阅的该项异议";
    /// There is no such certificate.
    CertificateNotFound = "certificate-not-found", NOT_FOUND, "No such certificate is on record", "未登记该证书";
    /// There is no such status list.
    StatusListNotFound = "status-list-not-found", NOT_FOUND, "No such status list is published here", "未发布该状态列表";
    /// There is no such item.
    ItemNotFound = "item-not-found", NOT_FOUND, "No such item is in the catalogue", "目录中没有该事项";
    /// There is no such use of the seal.
    SealUseNotFound = "seal-use-not-found", NOT_FOUND, "No such use of the seal is on record", "未登记该用印记录";
    /// There is no such entry in the catalogue.
    CatalogueEntryNotFound = "catalogue-entry-not-found", NOT_FOUND, "No such entry is in the catalogue", "目录中没有该条目";
    /// The catalogue has no such version.
    CatalogueVersionNotFound = "catalogue-version-not-found", NOT_FOUND, "The catalogue has no such version", "目录没有该版本";
    /// There is no such log, period or tile.
    LogPartNotFound = "log-part-not-found", NOT_FOUND, "There is no such part of a log", "无此日志内容";
    /// There is no such record, or it is not for this caller.
    RecordNotFound = "record-not-found", NOT_FOUND, "No such record is in this log for this caller", "该日志中没有可供调用方查阅的该条记录";
    /// The record is older than what is kept.
    RecordRetired = "record-retired", GONE, "The record is older than what is kept", "该记录已超出保存期限";
    /// There is no such code, it is somebody else's, for something else, or over.
    UseCodeNotFound = "use-code-not-found", NOT_FOUND, "There is no such code for this caller and item", "该调用方与事项下没有此用证码";
    /// The code was used.
    UseCodeSpent = "use-code-spent", GONE, "The code has been used", "该用证码已被使用";
    /// The route has no such method.
    MethodNotAllowed = "method-not-allowed", METHOD_NOT_ALLOWED, "The method is not allowed here", "不允许使用该方法";
    /// The body did not arrive in time.
    BodyTimeout = "body-timeout", REQUEST_TIMEOUT, "The body did not arrive in time", "请求体未在规定时间内到达";
    /// Another file is on record under this identifier.
    LicenceExists = "licence-exists", CONFLICT, "Another file is on record under this identifier", "该标识已登记其他文件";
    /// The version does not follow the current one.
    VersionGap = "version-gap", CONFLICT, "The version does not follow the one on record", "版本与已登记版本不连续";
    /// The licence's state does not allow the operation.
    IllegalTransition = "illegal-transition", CONFLICT, "The state of the licence does not allow this", "证照当前状态不允许该操作";
    /// There are more records than one answer is proven to be complete of.
    RangeTooLong = "range-too-long", UNPROCESSABLE_ENTITY, "The range has more records than one answer takes", "范围内的记录超过一次可给出的数量";
    /// These records must be kept longer.
    RetentionNotOver = "retention-not-over", CONFLICT, "These records must be kept longer", "这些记录尚未超过保存期限";
    /// Another seal is on record under this identifier.
    SealExists = "seal-exists", CONFLICT, "Another seal is on record under this identifier", "该印章标识已登记其他印章";
    /// The seal's state does not allow the operation.
    SealTransition = "illegal-seal-transition", CONFLICT, "The state of the seal does not allow this", "印章当前状态不允许该操作";
    /// The application for a seal does not allow this.
    SealApplicationConflict = "seal-application-conflict", CONFLICT, "The application for the seal does not allow this", "印章申请不允许该操作";
    /// The application for a grant, or the grant, does not allow this.
    GrantConflict = "grant-conflict", CONFLICT, "The application or the grant does not allow this", "该授权或授权申请不允许该操作";
    /// The objection does not allow this.
    ObjectionConflict = "objection-conflict", CONFLICT, "The objection does not allow this", "异议当前不允许该操作";
    /// The seal is not in use.
    SealNotInUse = "seal-not-in-use", CONFLICT, "The seal is not in use at present", "印章当前不可使用";
    /// Another use was put on record under the same name.
    SealUseConflict = "seal-use-conflict", CONFLICT, "Another use is on record under this use_id", "该use_id已登记另一次用印";
    /// The licence does not hold at present.
    LicenceNotValid = "licence-not-valid", CONFLICT, "The licence is not valid at present", "该证照当前无效";
    /// The gateway has no key for signatures of its own.
    SigningUnavailable = "signing-not-configured", CONFLICT, "This gateway signs no receipts", "本网关未配置回执签名密钥";
    /// What the files of trust say cannot be put in force.
    TrustNotReloaded = "trust-not-reloaded", CONFLICT, "Trust could not be read again; the last good one stays in force", "信任配置无法重新加载，继续使用上一次有效的配置";
    /// The catalogue was changed since the version that a change was made for.
    CatalogueChanged = "catalogue-changed", CONFLICT, "The catalogue was changed since that version", "目录已被更新，所依据的版本不是最新版本";
    /// Others changed the same thing at the same time.
    Contention = "contention", CONFLICT, "The same thing was changed at the same time", "同一事项正被同时修改";
    /// The body is too large.
    ContentTooLarge = "content-too-large", PAYLOAD_TOO_LARGE, "The body is too large", "请求体过大";
    /// The URL is too long.
    UriTooLong = "uri-too-long", URI_TOO_LONG, "The URL is too long", "网址过长";
    /// The route does not take this type of content.
    UnsupportedMediaType = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "This type of content is not taken here", "不接受该内容类型";
    /// The licence was not accepted: the report says why.
    NotVerified = "not-verified", UNPROCESSABLE_ENTITY, "Verification was not passed", "未通过验证";
    /// What was sent is no document that can be read: the report says why.
    MalformedDocument = "malformed-document", UNPROCESSABLE_ENTITY, "This is no document that can be read", "无法读取为有效文件";
    /// A number or name in the request is not valid.
    BadContent = "bad-content", UNPROCESSABLE_ENTITY, "The content is not valid", "内容无效";
    /// A change would make a catalogue in which something is wrong: the faults say what.
    CatalogueFaults = "catalogue-faults", UNPROCESSABLE_ENTITY, "The catalogue would not be in order", "变更后的目录不符合规则";
    /// A seal is put on file only on an application.
    SealApplicationRequired = "seal-application-required", UNPROCESSABLE_ENTITY, "An approved application for the seal is required", "印章备案须有已批准的申请";
    /// The automatic conformity check finds faults in the application.
    GrantNonconforming = "grant-nonconforming", UNPROCESSABLE_ENTITY, "The application does not conform", "该申请未通过自动合规性审核";
    /// An earlier request of the same name asked for something else.
    RequestReused = "request-reused", UNPROCESSABLE_ENTITY, "An earlier request with this Idempotency-Key was another one", "该Idempotency-Key已用于其他请求";
    /// The head of the request is too large.
    HeadersTooLarge = "headers-too-large", REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too large", "请求头过大";
    /// The log is not one of those that are witnessed here.
    WitnessUnknownOrigin = "witness-unknown-origin", NOT_FOUND, "This log is not witnessed here", "此处不见证该日志";
    /// A request to the witness is malformed.
    WitnessMalformed = "witness-malformed", BAD_REQUEST, "This is no request to a witness", "不是有效的见证请求";
    /// No trusted key of the log signed.
    WitnessUnsigned = "witness-unsigned", FORBIDDEN, "No trusted key of this log has signed", "没有该日志受信任密钥的有效签名";
    /// The old size is not the one signed last, or the log has two roots for one size.
    WitnessConflict = "witness-conflict", CONFLICT, "The witness has signed another checkpoint last", "见证方上次见证的检查点不同";
    /// The new tree is not shown to contain the old one.
    WitnessInconsistent = "witness-inconsistent", UNPROCESSABLE_ENTITY, "The log is not shown to have only grown", "无法证明日志只增不改";
    /// The caller asks more than it may.
    RateLimited = "rate-limited", TOO_MANY_REQUESTS, "The caller asks too much at once", "调用方请求过多";
    /// Something in the gateway is wrong.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something went wrong in the gateway", "网关内部错误";
    /// More is asked than the gateway can do.
    Overloaded = "overloaded", SERVICE_UNAVAILABLE, "The gateway is busy", "网关繁忙";
    /// The answer was not ready in time.
    DeadlineExceeded = "deadline-exceeded", SERVICE_UNAVAILABLE, "The answer was not ready in time", "未能在规定时间内完成";
    /// An operator has stopped changes and look-ups for a while.
    Maintenance = "maintenance", SERVICE_UNAVAILABLE, "The gateway is under maintenance", "系统维护中";
    /// Something that the gateway needs does not work.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "The service is not available at present", "服务暂不可用";
    /// The store was restored, and what was revoked since may be missing.
    StoreRestored = "store-restored", SERVICE_UNAVAILABLE, "The records were restored and are being completed", "登记数据已从备份恢复，正在补录";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_errors() {
        let unique: BTreeSet<_> = Code::ALL.iter().map(|code| code.code()).collect();
        assert_eq!(unique.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(code.status().is_client_error() || code.status().is_server_error());
            assert!(code.code().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
        }
    }
}
