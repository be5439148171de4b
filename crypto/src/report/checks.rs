//! The table of checks: stable identifiers, where each comes from, what its outcomes mean, in both languages.

use super::verdict::SubIndication as Sub;
use super::{Check, Outcome, Text, Verdict};

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct CheckKind {
    /// Stable identifier.
    pub id: &'static str,
    /// Document and section.
    pub clause: &'static str,
    holds: (&'static str, &'static str),
    fails: (&'static str, &'static str),
    open: (&'static str, &'static str),
    on_failure: Verdict,
    on_doubt: Verdict,
}

impl CheckKind {
    /// The check holds.
    #[must_use]
    pub fn pass(&self) -> Check {
        self.check(Outcome::Passed, self.holds, None)
    }

    /// The check does not hold.
    #[must_use]
    pub fn fail(&self) -> Check {
        self.check(Outcome::Failed, self.fails, Some(self.on_failure))
    }

    /// Nothing decides the check.
    #[must_use]
    pub fn doubt(&self) -> Check {
        self.check(Outcome::NotConcluded, self.open, Some(self.on_doubt))
    }

    /// The check does not apply.
    #[must_use]
    pub fn skip(&self) -> Check {
        self.check(Outcome::NotApplicable, ("Not applicable here.", "此处不适用。"), None)
    }

    /// Pass or fail.
    #[must_use]
    pub fn test(&self, holds: bool) -> Check {
        if holds { self.pass() } else { self.fail() }
    }

    fn check(&self, outcome: Outcome, text: (&'static str, &'static str), effect: Option<Verdict>) -> Check {
        Check {
            id: self.id.into(),
            role: None,
            outcome,
            clause: self.clause.into(),
            text: Text { en: text.0.into(), zh: text.1.into() },
            inputs: std::collections::BTreeMap::new(),
            effect,
        }
    }
}

macro_rules! checks {
    ($($name:ident = $id:literal, $clause:literal, $on_failure:expr, $on_doubt:expr;
        $holds_en:literal, $holds_zh:literal; $fails_en:literal, $fails_zh:literal; $open_en:literal, $open_zh:literal;)*) => {
        $(
            #[doc = concat!("`", $id, "`: ", $holds_en)]
            pub static $name: CheckKind = CheckKind {
                id: $id,
                clause: $clause,
                holds: ($holds_en, $holds_zh),
                fails: ($fails_en, $fails_zh),
                open: ($open_en, $open_zh),
                on_failure: $on_failure,
                on_doubt: $on_doubt,
            };
        )*

        /// Every check there is, for documentation and tests.
        pub static ALL: &[&CheckKind] = &[$(&$name),*];
    };
}

const fn failed(why: Sub) -> Verdict {
    Verdict::failed(why)
}

const fn unclear(why: Sub) -> Verdict {
    Verdict::indeterminate(why)
}

checks! {
    // The document
    DOCUMENT_FORMAT = "document.format", "GB/T 33190-2016; ISO 32000-2:2020; RFC 7515; RFC 5652", failed(Sub::FormatFailure), unclear(Sub::SignedDataNotFound);
        "The document has a known form and keeps within the limits.", "文件格式可识别且未超出限制。";
        "The document is malformed, of an unknown form, or beyond the limits.", "文件格式错误、无法识别或超出限制。";
        "The document could not be read.", "文件无法读取。";
    DOCUMENT_SIGNED = "document.signed", "GB/T 33190-2016, 18", failed(Sub::FormatFailure), unclear(Sub::SignedDataNotFound);
        "The document is signed.", "文件带有签名。";
        "The document carries no signature: nothing proves where it comes from.", "文件没有签名，无法证明其来源。";
        "No signature could be read.", "未能读取任何签名。";

    // One signature
    SIGNATURE_FORMAT = "signature.format", "GB/T 38540-2020; GM/T 0031; GB/T 35275-2017; RFC 5652", failed(Sub::FormatFailure), unclear(Sub::SignedDataNotFound);
        "The signature value is well formed.", "签名值格式正确。";
        "The signature value is malformed.", "签名值格式错误。";
        "The signature value is of a form that is not supported.", "签名值的形式不受支持。";
    SIGNATURE_VALUE = "signature.value", "ETSI EN 319 102-1, 5.2.7", failed(Sub::SigCryptoFailure), unclear(Sub::SigCryptoFailure);
        "The signature value was made with the signer's key over exactly these data.", "签名值确由签名者密钥对该数据生成。";
        "The signature value does not fit the signer's key and the signed data.", "签名值与签名者密钥及被签数据不符。";
        "The signature value could not be checked.", "签名值未能验证。";
    SIGNATURE_CERTIFICATE = "signature.certificate", "ETSI EN 319 102-1, 5.2.3", unclear(Sub::NoSigningCertificateFound), unclear(Sub::NoSigningCertificateFound);
        "The signer's certificate is with the signature, can be read, and is the one that the signature names.", "签名中附有可读取且与签名声明一致的签名者证书。";
        "The signer's certificate is missing, malformed, or not the one that the signature names.", "签名者证书缺失、格式错误或与签名声明不一致。";
        "The signer's certificate could not be identified.", "无法确定签名者证书。";
    SIGNATURE_ALGORITHM = "signature.algorithm", "ETSI EN 319 102-1, 5.2.8", unclear(Sub::CryptoConstraintsFailure), unclear(Sub::CryptoConstraintsFailure);
        "The signature algorithm is accepted, and every place that names it agrees.", "签名算法可接受，且各处声明一致。";
        "The signature algorithm is not accepted, or the places that name it disagree.", "签名算法不被接受，或各处声明不一致。";
        "The signature algorithm could not be determined.", "无法确定签名算法。";
    SIGNATURE_TIME = "signature.time", "GM/T 0031-2025; GB/T 38540-2020", failed(Sub::Expired), unclear(Sub::NoPoe);
        "The claimed signing time lies within the validity of the signer's certificate and of the seal, and not in the future.", "声明的签名时间在签名者证书和印章有效期内，且不晚于验证时间。";
        "The claimed signing time lies outside the validity of the signer's certificate or of the seal, or in the future.", "声明的签名时间不在签名者证书或印章有效期内，或晚于验证时间。";
        "The claimed signing time cannot be read.", "无法读取声明的签名时间。";
    SIGNATURE_ENCODING = "signature.encoding", "GB/T 35276-2017", failed(Sub::FormatFailure), unclear(Sub::FormatFailure);
        "The SM2 value is encoded as the standard says.", "SM2签名值按标准编码。";
        "The SM2 value is the bare pair r‖s instead of its DER form.", "SM2签名值为裸r‖s，而非DER编码。";
        "The encoding of the SM2 value is unknown.", "SM2签名值编码未知。";
    SIGNATURE_TIMESTAMP = "signature.timestamp", "RFC 3161; GB/T 20520; GM/T 0031-2025", unclear(Sub::SigConstraintsFailure), unclear(Sub::NoPoe);
        "The time stamp of the signature is valid, and its authority is trusted.", "签名的时间戳有效且时间戳机构可信。";
        "The time stamp of the signature is malformed, does not fit the signature, or contradicts the claimed time.", "签名的时间戳格式错误、与签名不符或与声明时间矛盾。";
        "The authority of the signature's time stamp is not trusted here: the time stamp proves nothing.", "签名的时间戳机构不受信任，不作为证明。";
    SIGNATURE_EXISTENCE = "signature.existence", "ETSI EN 319 102-1, 5.6.2", unclear(Sub::OutOfBoundsNoPoe), unclear(Sub::NoPoe);
        "The signature is proven to have existed at the time shown.", "已证明签名在所示时间之前存在。";
        "What the signature rests on has ended since; it holds because it is proven to be older.", "签名所依据的证书或算法此后已失效；因证明签名更早存在而仍然有效。";
        "No time stamp of a trusted authority proves when the signature was made, although the policy demands one.", "策略要求可信时间戳，但没有可信时间戳证明签名时间。";
    SIGNATURE_LAG = "signature.lag", "ETSI EN 319 102-1, 5.6.2", unclear(Sub::TimestampOrderFailure), unclear(Sub::TimestampOrderFailure);
        "The signature was stamped soon after the time that it claims.", "签名在声明时间后不久即加盖时间戳。";
        "The signature was stamped long after the time that it claims: the claimed time may be dated back.", "签名在声明时间很久之后才加盖时间戳，声明时间可能被倒签。";
        "How long after the claimed time the signature was stamped could not be judged.", "无法判断声明时间与时间戳的间隔。";
    SIGNATURE_POLICY = "signature.policy", "ETSI EN 319 102-1, 5.2.4", unclear(Sub::PolicyProcessingError), unclear(Sub::SignaturePolicyNotAvailable);
        "The signature policy that the signature names is known.", "签名声明的签名策略已知。";
        "The signature policy is named by another digest than that of the known one, or cannot be read.", "签名策略的摘要与已知策略不符，或策略声明无法读取。";
        "The signature names a signature policy that is not known here.", "签名声明了未知的签名策略。";

    // OFD
    OFD_SIGNATURE_METHOD = "ofd.signature-method", "GB/T 33190-2016, 18.2", failed(Sub::FormatFailure), unclear(Sub::FormatFailure);
        "SignatureMethod names the algorithm of the signature value.", "SignatureMethod与签名值算法一致。";
        "SignatureMethod names another algorithm than the signature value.", "SignatureMethod与签名值算法不一致。";
        "SignatureMethod is missing or unknown.", "SignatureMethod缺失或未知。";
    OFD_REFERENCES = "ofd.references", "GB/T 33190-2016, 18.2", failed(Sub::HashFailure), unclear(Sub::SignedDataNotFound);
        "Every protected file is present and unchanged.", "所有受保护文件均存在且未被改动。";
        "A protected file was changed or is missing, or the list of protected files is unusable.", "受保护文件被改动或缺失，或保护列表不可用。";
        "The protected files could not be compared.", "受保护文件未能比对。";
    OFD_COVERAGE = "ofd.coverage", "GB/T 33190-2016, 18", unclear(Sub::SignedDataNotFound), unclear(Sub::SignedDataNotFound);
        "Everything that a reader shows is covered by the signature.", "阅读器呈现的全部内容均受签名保护。";
        "Something that a reader shows is not covered by the signature.", "阅读器呈现的部分内容不受签名保护。";
        "What a reader would show could not be determined.", "无法确定阅读器呈现的内容。";
    OFD_SEAL_FILE = "ofd.seal-file", "GB/T 33190-2016, 18.2", failed(Sub::HashFailure), unclear(Sub::HashFailure);
        "The seal kept beside the signature is the seal inside it.", "随附印章文件与签名中的印章一致。";
        "The seal kept beside the signature is not the seal inside it.", "随附印章文件与签名中的印章不一致。";
        "The seal kept beside the signature could not be compared.", "随附印章文件未能比对。";
    OFD_APPEARANCE = "ofd.appearance", "GB/T 33190-2016, 18.2", unclear(Sub::SigConstraintsFailure), unclear(Sub::SigConstraintsFailure);
        "The seal is shown on an existing page, large enough to be seen.", "印章显示在存在的页面上且清晰可见。";
        "The seal is not shown on any existing page, or too small to be seen.", "印章未显示在任何存在的页面上，或小到无法看见。";
        "The place of the seal could not be determined.", "无法确定印章的显示位置。";
    OFD_LATER_SIGNATURE = "ofd.later-signature", "GB/T 33190-2016, 18", failed(Sub::HashFailure), unclear(Sub::SignedDataNotFound);
        "Later signatures leave this one intact.", "后续签名未破坏本签名。";
        "A signature was added although this one protects the list of signatures.", "本签名保护了签名列表，但其后又追加了签名。";
        "The effect of later signatures could not be determined.", "无法确定后续签名的影响。";
    DATA_HASH = "signature.data-hash", "GB/T 38540-2020; GM/T 0031", failed(Sub::HashFailure), unclear(Sub::HashFailure);
        "The signed digest is that of the protected data.", "签名中的摘要与受保护数据一致。";
        "The signed digest is not that of the protected data.", "签名中的摘要与受保护数据不一致。";
        "The signed digest could not be compared.", "签名中的摘要未能比对。";
    PROPERTY_INFO = "signature.property", "GB/T 38540-2020", failed(Sub::FormatFailure), unclear(Sub::FormatFailure);
        "The signed property names the description of this signature.", "签名中的属性信息指向本签名描述文件。";
        "The signed property names another description than this signature's.", "签名中的属性信息未指向本签名描述文件。";
        "The signed property could not be read.", "签名中的属性信息无法读取。";

    // The seal
    SEAL_SIGNATURE = "seal.signature", "GM/T 0031-2025; GB/T 38540-2020", failed(Sub::SigCryptoFailure), unclear(Sub::SigCryptoFailure);
        "The seal was signed by its maker and is unchanged.", "印章由制章者签名且未被改动。";
        "The seal was not signed by the maker that it names, or was changed.", "印章并非由其声明的制章者签名，或已被改动。";
        "The seal's signature could not be checked.", "印章签名未能验证。";
    SEAL_SIGNER_LISTED = "seal.signer-listed", "GM/T 0031-2025; GB/T 38540-2020", failed(Sub::SigConstraintsFailure), unclear(Sub::SigConstraintsFailure);
        "The signer is one of those whom the seal entitles to use it.", "签名者在印章授权的用章证书列表中。";
        "The signer is not among those whom the seal entitles to use it: the seal was lifted from elsewhere.", "签名者不在印章授权的用章证书列表中，印章系被冒用。";
        "Whether the signer may use the seal could not be determined.", "无法确定签名者是否有权使用该印章。";
    SEAL_MAKER = "seal.maker", "国办发〔2025〕33号", failed(Sub::SigConstraintsFailure), unclear(Sub::SigConstraintsFailure);
        "The seal's maker is on the list of seal-making authorities.", "制章者在认可的制章机构名单中。";
        "The seal's maker is not on the list of seal-making authorities.", "制章者不在认可的制章机构名单中。";
        "Whether the maker may make seals could not be determined.", "无法确定制章者是否有权制章。";
    SEAL_VALIDITY = "seal.validity", "GM/T 0031-2025; GB/T 38540-2020", failed(Sub::Expired), unclear(Sub::OutOfBoundsNoPoe);
        "The seal is within its validity.", "印章在有效期内。";
        "The seal was outside its validity when it was used.", "用章时印章不在有效期内。";
        "The seal's validity has ended since, and nothing proves that it was used before.", "印章有效期已过，且无法证明是在有效期内使用。";
    SEAL_CREATED = "seal.created", "GM/T 0031-2025", failed(Sub::SigConstraintsFailure), unclear(Sub::SigConstraintsFailure);
        "The seal was made while its maker's certificate was valid.", "制章时间在制章者证书有效期内。";
        "The seal says to have been made outside the validity of its maker's certificate.", "声明的制章时间不在制章者证书有效期内。";
        "The time of making could not be judged.", "无法判断制章时间。";
    SEAL_EXTENSIONS = "seal.extensions", "GB/T 38540-2020", failed(Sub::FormatFailure), unclear(Sub::FormatFailure);
        "The seal has no critical extension that is unknown.", "印章没有未知的关键扩展。";
        "The seal has a critical extension that is unknown.", "印章含有未知的关键扩展。";
        "The seal's extensions could not be read.", "印章扩展无法读取。";
    SEAL_TIMESTAMP = "seal.timestamp", "RFC 3161; GB/T 20520; GM/T 0031-2025", failed(Sub::SigConstraintsFailure), unclear(Sub::NoPoe);
        "The seal's time stamp is valid, and its authority is trusted.", "印章的时间戳有效且时间戳机构可信。";
        "The seal's time stamp is malformed, does not fit the seal, or is older than the seal says to be.", "印章的时间戳格式错误、与印章不符或早于声明的制章时间。";
        "The authority of the seal's time stamp is not trusted here: the time stamp proves nothing.", "印章的时间戳机构不受信任，不作为证明。";
    SEAL_RECORD = "seal.record", "国办发〔2025〕33号", failed(Sub::HashFailure), unclear(Sub::TryLater);
        "The seal is on file.", "印章已备案。";
        "The seal is not the one on file under its identifier.", "印章与该标识备案的印章不一致。";
        "The seal is not on file here, so its present state is not known.", "印章未在本库备案，无法得知其当前状态。";
    SEAL_STATE = "seal.state", "国办发〔2025〕33号; ETSI EN 319 102-1, 5.5", failed(Sub::Revoked), unclear(Sub::RevokedNoPoe);
        "The seal was not out of use when it was used.", "用章时印章未被冻结、停用、注销或重制。";
        "The seal was out of use when it was used.", "用章时印章已被冻结、停用、注销或重制。";
        "The seal was put out of use since, and nothing proves that it was used before.", "印章此后已被冻结、停用、注销或重制，且无法证明是在此之前使用。";

    // Certificate paths
    PATH_BUILT = "path.built", "RFC 5280, 6.1", unclear(Sub::NoCertificateChainFound), unclear(Sub::CertificateChainGeneralFailure);
        "A path leads to a trust anchor for this purpose.", "证书链可追溯到该用途的信任锚。";
        "No path leads to a trust anchor for this purpose.", "证书链无法追溯到该用途的信任锚。";
        "The search for a path was ended by its limits.", "证书链查找超出限制而终止。";
    PATH_SIGNATURES = "path.signatures", "RFC 5280, 6.1.3 (a)(1)", failed(Sub::SigCryptoFailure), unclear(Sub::CertificateChainGeneralFailure);
        "Every certificate of the path was signed by the next.", "证书链中各证书签名均有效。";
        "A certificate of the path was not signed by the one that it names.", "证书链中有证书的签名无效。";
        "The signatures along the path could not be checked.", "证书链签名未能验证。";
    PATH_VALIDITY = "path.validity", "RFC 5280, 6.1.3 (a)(2)", unclear(Sub::OutOfBoundsNoPoe), unclear(Sub::OutOfBoundsNoPoe);
        "Every certificate of the path is within its validity.", "证书链中各证书均在有效期内。";
        "A certificate of the path is outside its validity, and nothing proves that the signature is older.", "证书链中有证书不在有效期内，且无法证明签名时间。";
        "The validity of the path could not be judged.", "无法判断证书链有效期。";
    PATH_CONSTRAINTS = "path.constraints", "RFC 5280, 6.1.4", unclear(Sub::ChainConstraintsFailure), unclear(Sub::ChainConstraintsFailure);
        "Every issuer of the path may issue, and no unknown critical extension occurs.", "证书链中各签发者均有签发权，且无未知关键扩展。";
        "An issuer of the path may not issue, or a critical extension is unknown.", "证书链中有签发者无签发权，或含未知关键扩展。";
        "The constraints of the path could not be judged.", "无法判断证书链约束。";
    PATH_NAMES = "path.names", "RFC 5280, 4.2.1.10", unclear(Sub::ChainConstraintsFailure), unclear(Sub::ChainConstraintsFailure);
        "Every name of the path is one that its issuers may give.", "证书链中各名称均在签发者可签发的范围内。";
        "A certificate of the path carries a name that an issuer above it may not give.", "证书链中有证书的名称超出上级签发者的名称约束。";
        "The name constraints of the path could not be judged.", "无法判断证书链的名称约束。";
    PATH_POLICIES = "path.policies", "RFC 5280, 6.1; RFC 9618", unclear(Sub::ChainConstraintsFailure), unclear(Sub::ChainConstraintsFailure);
        "The certificate policies of the path are those that are demanded.", "证书链的证书策略符合要求。";
        "No certificate policy that is demanded holds along the whole path.", "证书链没有贯穿全链且符合要求的证书策略。";
        "The certificate policies of the path could not be judged.", "无法判断证书链的证书策略。";
    PATH_KEY_USAGE = "path.key-usage", "RFC 5280, 4.2.1.3; GB/T 20518", unclear(Sub::ChainConstraintsFailure), unclear(Sub::ChainConstraintsFailure);
        "The certificate may be used to sign.", "证书可用于签名。";
        "The certificate may not be used to sign: an encryption certificate never verifies a signature.", "证书不可用于签名；加密证书不得用于验证签名。";
        "The usage of the certificate could not be judged.", "无法判断证书用途。";
    PATH_ALGORITHMS = "path.algorithms", "ETSI EN 319 102-1, 5.2.8", unclear(Sub::CryptoConstraintsFailure), unclear(Sub::CryptoConstraintsFailure);
        "The algorithms and key sizes of the path are accepted.", "证书链的算法与密钥长度可接受。";
        "An algorithm or key size of the path is not accepted.", "证书链中有不被接受的算法或密钥长度。";
        "The algorithms of the path could not be judged.", "无法判断证书链算法。";
    PATH_REVOCATION = "path.revocation", "RFC 5280, 6.3; GB/T 20518", failed(Sub::Revoked), unclear(Sub::TryLater);
        "No certificate of the path was revoked.", "证书链中没有被吊销的证书。";
        "A certificate of the path was revoked.", "证书链中有证书已被吊销。";
        "Whether a certificate of the path was revoked is not known at present.", "目前无法确定证书链中证书的吊销状态。";
    PATH_ANCHOR = "path.anchor", "ETSI TS 119 612, 5.5.4; ETSI EN 319 102-1, 5.2.6", unclear(Sub::NoCertificateChainFound), unclear(Sub::NoCertificateChainFound);
        "The service behind the trust anchor was offered at the time that counts.", "信任锚所代表的服务在所判定时间处于有效状态。";
        "The service behind the trust anchor was not offered at the time that counts, or was withdrawn.", "信任锚所代表的服务在所判定时间未生效或已撤销。";
        "When the service behind the trust anchor was offered is not known.", "无法得知信任锚所代表的服务的有效期间。";
    PATH_EXTENDED_USAGE = "path.extended-usage", "RFC 5280, 4.2.1.12", unclear(Sub::ChainConstraintsFailure), unclear(Sub::ChainConstraintsFailure);
        "The certificate has an extended key usage that the trust domain demands.", "证书具有信任域所要求的扩展密钥用途。";
        "The certificate has none of the extended key usages that the trust domain demands.", "证书不具有信任域所要求的扩展密钥用途。";
        "The extended key usages of the certificate could not be judged.", "无法判断证书的扩展密钥用途。";

    // CMS and JWS
    CMS_ATTRIBUTES = "cms.attributes", "RFC 5652, 5.3 and 11; GB/T 35275-2017", failed(Sub::FormatFailure), unclear(Sub::FormatFailure);
        "The signed attributes are those that must be there.", "签名属性完整且正确。";
        "The signed attributes are missing, doubled or contradictory.", "签名属性缺失、重复或自相矛盾。";
        "The signed attributes could not be read.", "签名属性无法读取。";
    JWS_HEADER = "jws.header", "RFC 7515, 4.1", failed(Sub::FormatFailure), unclear(Sub::FormatFailure);
        "The protected header names an algorithm and a certificate, and nothing unknown that is critical.", "受保护头声明了算法与证书，且无未知关键参数。";
        "The protected header is unusable: algorithm, certificates or critical parameters.", "受保护头不可用：算法、证书或关键参数有误。";
        "The protected header could not be read.", "受保护头无法读取。";

    // PDF
    PDF_BYTE_RANGE = "pdf.byte-range", "ISO 32000-2:2020, 12.8.1; ETSI EN 319 142-1, 5.4", failed(Sub::FormatFailure), unclear(Sub::FormatFailure);
        "The signature covers its whole revision but for its own value.", "签名覆盖其所在版本中除签名值外的全部字节。";
        "The byte range of the signature leaves out more than its own value, or is malformed.", "签名的字节范围遗漏了签名值以外的内容，或格式错误。";
        "The byte range of the signature could not be read.", "签名的字节范围无法读取。";
    PDF_LATER_CHANGES = "pdf.later-changes", "ISO 32000-2:2020, 12.8.2; ETSI EN 319 142-1", failed(Sub::HashFailure), unclear(Sub::SignedDataNotFound);
        "Nothing that a reader shows was changed after the signature.", "签名之后，阅读器呈现的内容未被改动。";
        "The document was changed after the signature in a way that nobody allowed.", "签名之后文件被擅自改动。";
        "The document was changed after the signature in a way that may have been allowed and shows.", "签名之后文件有可能获准的可见改动。";
    PDF_FORM = "pdf.form", "ISO 32000-2:2020, 12.7.5.5", failed(Sub::FormatFailure), unclear(Sub::FormatFailure);
        "Every signature stands in a field of the form.", "所有签名均位于表单的签名域中。";
        "Something looks like a signature but stands in no field of the form: it signs nothing.", "有对象形似签名，但不在表单的任何签名域中，不构成签名。";
        "The form could not be read.", "表单无法读取。";
    PDF_TIME_STAMP = "pdf.time-stamp", "ISO 32000-2:2020, 12.8.5; ETSI EN 319 142-1, 5.4.3; RFC 3161", unclear(Sub::SigConstraintsFailure), unclear(Sub::NoPoe);
        "The time stamp of the document is valid, and its authority is trusted.", "文件的时间戳有效且时间戳机构可信。";
        "The time stamp of the document is malformed or does not fit it: it proves nothing.", "文件的时间戳格式错误或与文件不符，不作为证明。";
        "The authority of the document's time stamp is not trusted here: the time stamp proves nothing.", "文件的时间戳机构不受信任，不作为证明。";

    // SD-JWT VC
    SD_JWT_TYPE = "sd-jwt.type", "draft-ietf-oauth-sd-jwt-vc-16, 2.2", failed(Sub::FormatFailure), unclear(Sub::FormatFailure);
        "The credential says that it is one, and of which type.", "凭证声明了其媒体类型与凭证类型。";
        "The credential does not say that it is one, or not of which type: what was signed for another purpose is none.", "未声明凭证类型，为其他用途签署的数据不是凭证。";
        "The credential goes by its former media type.", "凭证使用了旧的媒体类型。";
    SD_JWT_DISCLOSURES = "sd-jwt.disclosures", "RFC 9901, 7.1", failed(Sub::FormatFailure), unclear(Sub::FormatFailure);
        "Every disclosed claim is one that the issuer signed, in its place.", "每项披露的声明均由签发者签署且位置正确。";
        "A disclosure is malformed, doubled, not among those that the issuer signed, or of a claim that must stand open.", "披露项格式错误、重复、未经签发者签署，或属于不得选择性披露的声明。";
        "The disclosures could not be judged.", "披露项未能判断。";
    SD_JWT_TIMES = "sd-jwt.times", "RFC 7519, 4.1.4 to 4.1.6", failed(Sub::Expired), unclear(Sub::NoPoe);
        "The credential is within the time that it names.", "凭证在其声明的有效时间内。";
        "The credential is outside the time that it names.", "凭证不在其声明的有效时间内。";
        "The times of the credential could not be judged.", "凭证的时间声明未能判断。";
    SD_JWT_BINDING = "sd-jwt.binding", "RFC 9901, 7.3", failed(Sub::SigCryptoFailure), unclear(Sub::SigConstraintsFailure);
        "Whoever presents the credential holds the key that it was issued to.", "出示者持有凭证所绑定的密钥。";
        "The presentation was not signed with the key that the credential was issued to, or not for these disclosures.", "出示并非由凭证所绑定的密钥签署，或与所披露内容不符。";
        "The credential was issued to the holder of a key, and nothing shows that it is the holder who presents it.", "凭证绑定了持有者密钥，但无法证明出示者即持有者。";
    SD_JWT_AUDIENCE = "sd-jwt.audience", "RFC 9901, 7.3", unclear(Sub::SigConstraintsFailure), unclear(Sub::SigConstraintsFailure);
        "The credential was presented to who asks, and just now.", "凭证系向询问者当场出示。";
        "The credential was presented to somebody else, or at another time.", "凭证系向他人或在其他时间出示。";
        "To whom and when the credential was presented was not asked.", "未要求核对出示对象与出示时间。";
    CREDENTIAL_STATUS = "credential.status", "draft-ietf-oauth-status-list, 8.3", failed(Sub::Revoked), unclear(Sub::TryLater);
        "The issuer's status list says that the credential holds.", "签发者的状态列表表明凭证有效。";
        "The issuer's status list says that the credential was taken back.", "签发者的状态列表表明凭证已被撤销。";
        "Whether the credential still holds is not known at present, or it does not hold for now.", "目前无法得知凭证是否有效，或凭证暂时无效。";

    // The licence
    LICENCE_METADATA = "licence.metadata", "GB/T 36903-2018; GB/T 36905-2018", failed(Sub::FormatFailure), unclear(Sub::SignedDataNotFound);
        "The document carries the licence's data, and they are well formed.", "文件含有证照元数据且格式正确。";
        "The licence's data in the document are incomplete or malformed.", "文件中的证照元数据不完整或格式错误。";
        "The document carries no licence data.", "文件不含证照元数据。";
    LICENCE_IDENTIFIER = "licence.identifier", "GB/T 36904-2018", failed(Sub::FormatFailure), unclear(Sub::SigConstraintsFailure);
        "The licence identifier and its check character are right.", "证照标识及其校验位正确。";
        "The licence identifier is malformed or its check character is wrong.", "证照标识格式错误或校验位不符。";
        "The licence identifier could not be judged.", "无法判断证照标识。";
    LICENCE_ISSUER = "licence.issuer", "GB/T 36903-2018; GB/T 38540-2020", failed(Sub::SigConstraintsFailure), unclear(Sub::SigConstraintsFailure);
        "The body that signed is the body that issued the licence.", "签名机构即证照颁发机构。";
        "The body that signed is not the body that issued the licence.", "签名机构并非证照颁发机构。";
        "The signer's certificate names no organisation code to compare with the issuing body.", "签名者证书未载明可与颁发机构比对的机构代码。";
    LICENCE_SIGNATURES = "licence.signatures", "policy, types; GB/T 33190-2016, 18", failed(Sub::SigConstraintsFailure), unclear(Sub::SigConstraintsFailure);
        "Everybody has signed whom the policy demands for this type of licence.", "本类证照策略所要求的各方均已签名。";
        "Signatures are missing that the policy demands for this type of licence: some may have been removed.", "缺少本类证照策略所要求的签名，可能已被移除。";
        "Whether all signatures are there could not be judged.", "无法判断签名是否齐全。";
    LICENCE_SIGNER_USAGE = "licence.signer-usage", "policy, types; RFC 5280, 4.2.1.4 and 4.2.1.12", unclear(Sub::SigConstraintsFailure), unclear(Sub::SigConstraintsFailure);
        "The signers' certificates are made for this type of licence.", "签名者证书符合本类证照的用途要求。";
        "A signer's certificate lacks the usage or policy that this type of licence demands.", "签名者证书缺少本类证照所要求的用途或证书策略。";
        "A signer's certificate is not at hand, so its usage is not known.", "缺少签名者证书，无法得知其用途。";
    LICENCE_RECORD = "licence.record", "R2, R3", unclear(Sub::TryLater), unclear(Sub::TryLater);
        "The licence is on record.", "证照已登记在库。";
        "The record of the licence cannot be used.", "证照登记信息不可用。";
        "The licence is not on record here, so its present state is not known.", "证照未在本库登记，无法得知其当前状态。";
    LICENCE_SAME_FILE = "licence.same-file", "R3", failed(Sub::HashFailure), unclear(Sub::HashFailure);
        "The document is the one on record.", "文件与登记文件一致。";
        "The document is not the one on record for this identifier.", "文件与该标识登记的文件不一致。";
        "The document could not be compared with the record.", "文件未能与登记文件比对。";
    LICENCE_SAME_DATA = "licence.same-data", "R3", failed(Sub::SigConstraintsFailure), unclear(Sub::SigConstraintsFailure);
        "The credential says what is on record of the licence.", "凭证所载数据与登记数据一致。";
        "The credential says something else than what is on record of the licence.", "凭证所载数据与登记数据不一致。";
        "The credential could not be compared with the record.", "凭证未能与登记数据比对。";
    LICENCE_STATE = "licence.state", "GB/T 36903-2018; R2", failed(Sub::Revoked), unclear(Sub::TryLater);
        "The licence was in force at this time.", "证照在该时间处于有效状态。";
        "The licence was not in force at this time.", "证照在该时间不处于有效状态。";
        "The licence was suspended at this time.", "证照在该时间处于暂扣状态。";
    LICENCE_VALIDITY = "licence.validity", "GB/T 36903-2018", failed(Sub::Expired), unclear(Sub::TryLater);
        "The licence is within its period of validity.", "证照在有效期内。";
        "The licence is outside its period of validity.", "证照不在有效期内。";
        "The period of validity could not be judged.", "无法判断证照有效期。";
    LICENCE_UNDISPUTED = "licence.undisputed", "R13", unclear(Sub::TryLater), unclear(Sub::TryLater);
        "No objection against the licence is open.", "没有针对该证照的未结异议。";
        "An objection against the licence was found to be right.", "针对该证照的异议属实。";
        "An objection against the licence is open: what it says is disputed.", "针对该证照有未结异议，证照内容存在争议。";

    // What is on record of the use of seals
    SEAL_USE_LOGGED = "seal.use-logged", "design 5; ETSI EN 319 102-1, 5.2.8", unclear(Sub::SigConstraintsFailure), unclear(Sub::SigConstraintsFailure);
        "The seal log holds the use of this seal on this document.", "印章日志中有该印章用于该文件的用印记录。";
        "The seal log holds no use of this seal on this document.", "印章日志中没有该印章用于该文件的用印记录。";
        "Whether the use of this seal is on record could not be found out.", "无法查明该印章的用印记录。";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn identifiers_are_unique_and_every_outcome_has_words() {
        let ids: BTreeSet<_> = ALL.iter().map(|kind| kind.id).collect();
        assert_eq!(ids.len(), ALL.len());
        for kind in ALL {
            for (en, zh) in [kind.holds, kind.fails, kind.open] {
                assert!(en.ends_with('.') && zh.ends_with('。'), "{}", kind.id);
            }
            assert!(!kind.on_failure.is_passed() && !kind.on_doubt.is_passed(), "{}", kind.id);
        }
    }
}
