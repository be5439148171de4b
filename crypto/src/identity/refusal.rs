//! Why a token is refused.

/// Why a token is refused, in the order in which it is found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// There is none.
    Missing,
    /// It is no token, or lacks what every token has.
    Malformed,
    /// It is of no provider that is known here.
    Issuer,
    /// No key of the provider made its signature.
    Signature,
    /// It is not for this gateway.
    Audience,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// It lives longer than tokens may.
    Lifetime,
    /// It is of somebody else.
    Holder,
    /// It does not let this be done: only the holder in person may.
    Authority,
    /// It is for another item.
    Item,
    /// It is not for all of these resources.
    Resource,
    /// It is for another calling system.
    Consumer,
    /// It empowers somebody else.
    Delegate,
    /// It was used before.
    Replayed,
}

impl Refusal {
    /// Every reason.
    pub const ALL: [Self; 15] = [
        Self::Missing,
        Self::Malformed,
        Self::Issuer,
        Self::Signature,
        Self::Audience,
        Self::Expired,
        Self::NotYetValid,
        Self::Lifetime,
        Self::Holder,
        Self::Authority,
        Self::Item,
        Self::Resource,
        Self::Consumer,
        Self::Delegate,
        Self::Replayed,
    ];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Issuer => "issuer",
            Self::Signature => "signature",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::Lifetime => "lifetime",
            Self::Holder => "holder",
            Self::Authority => "authority",
            Self::Item => "item",
            Self::Resource => "resource",
            Self::Consumer => "consumer",
            Self::Delegate => "delegate",
            Self::Replayed => "replayed",
        }
    }

    /// The same in a sentence, in English and in Chinese.
    #[must_use]
    pub const fn text(self) -> (&'static str, &'static str) {
        match self {
            Self::Missing => ("A token of the holder is needed.", "缺少持证主体的授权令牌。"),
            Self::Malformed => ("It is no token that can be read.", "无法读取为有效令牌。"),
            Self::Issuer => ("It is of no identity provider that is known here.", "令牌签发方未在本网关登记。"),
            Self::Signature => ("No key of the identity provider made its signature.", "令牌签名与签发方密钥不符。"),
            Self::Audience => ("It was not made for this gateway.", "令牌并非签发给本网关。"),
            Self::Expired => ("It has expired.", "令牌已过期。"),
            Self::NotYetValid => ("It is not valid yet.", "令牌尚未生效。"),
            Self::Lifetime => ("It lives longer than tokens may.", "令牌有效期超出允许范围。"),
            Self::Holder => ("It is of another holder.", "令牌所属持证主体不符。"),
            Self::Authority => ("It is not a token of the holder in person.", "令牌并非持证主体本人使用。"),
            Self::Item => ("It is for another item.", "令牌所限事项不符。"),
            Self::Resource => ("It does not cover every resource that is asked.", "令牌未涵盖所查询的全部资源。"),
            Self::Consumer => ("It was made for another system.", "令牌并非签发给该调用方。"),
            Self::Delegate => (
                "It empowers nobody, or somebody else than the operator who is named.",
                "令牌未指明受托人，或与所指明的经办人不符。",
            ),
            Self::Replayed => ("It was used before.", "令牌已被使用。"),
        }
    }
}
