//! What a check of the logs can find.

use std::fmt;

use crypto::record::LogName;
use crypto::report::Text;

/// One thing that is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The log, where it is about one.
    pub log: Option<LogName>,
    /// What is wrong.
    pub fault: Fault,
    /// Where: the number of a record, of a shard or of a block, as the fault says.
    pub at: Option<u64>,
}

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $en:literal, $zh:literal;)*) => {
        /// What is wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault {
            $($(#[$doc])* $name,)*
        }

        impl Fault {
            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// A sentence for whoever asked.
            #[must_use]
            pub fn text(self) -> Text {
                match self { $(Self::$name => Text { en: $en.into(), zh: $zh.into() },)* }
            }
        }
    };
}

faults! {
    /// The row of a log's head is damaged.
    HeadDamaged = "log-head-damaged", "The head of the log does not open.", "日志头无法打开。";
    /// A record does not open. At its number.
    RecordDamaged = "log-record-damaged", "A record does not open.", "记录无法打开。";
    /// A record is missing. At its number.
    RecordMissing = "log-record-missing", "A record is missing.", "记录缺失。";
    /// There is a record that the log has not. At its number.
    RecordExtra = "log-record-extra", "There is a record beyond the end of the log.", "存在超出日志末尾的记录。";
    /// A record is not what the tree holds of it. At its number.
    EntryDiffers = "log-entry-differs", "A record is not what the tree holds of it.", "记录与树中条目不符。";
    /// A record does not say its own number. At its number.
    StampWrong = "log-stamp-wrong", "A record stands under another number than it says.", "记录编号与其位置不符。";
    /// A record is from before the one before it. At its number.
    TimeBackwards = "log-time-backwards", "Time runs backwards between two records.", "记录时间倒退。";
    /// An entry bundle is missing or has another length. At the number of its first record.
    BundleDamaged = "log-bundle-damaged", "An entry bundle is missing or damaged.", "条目包缺失或损坏。";
    /// A tile does not follow from the entries. At the number of its first record.
    TileDiffers = "log-tile-differs", "A tile is missing or does not follow from the entries.", "树片缺失或与条目不符。";
    /// There is a tile that the tree has not. At the number of its shard.
    TileExtra = "log-tile-extra", "There is a tile that the tree does not have.", "存在树中没有的树片。";
    /// A tree has another root than its head says. At the number of its shard.
    RootDiffers = "log-root-differs", "The root of the tree is not that of the entries.", "树根与条目不符。";
    /// What was signed does not open. No place.
    SignedDamaged = "log-signed-damaged", "The note of what was signed does not open.", "签名记载无法打开。";
    /// It is not there what was signed last. No place.
    SignedMissing = "log-signed-missing", "The note of what was signed is missing.", "签名记载缺失。";
    /// What was signed is not what the tree was. At the number of its shard.
    SignedDiffers = "log-signed-differs", "What was signed is not what the tree was.", "已签名的内容与树不符。";
    /// The shards do not follow one another. At the number of the shard.
    ShardDamaged = "log-shard-damaged", "A shard is damaged, or does not follow the one before.", "分片损坏或不连续。";
    /// A link does not follow the record that it names. At the number of the record.
    LinkBroken = "log-link-broken", "A link does not follow the record before it.", "链接与前一记录不衔接。";
    /// A record names a seal and has no link of it. At its number.
    LinkMissing = "log-link-missing", "A record names a seal and is not in the seal's chain.", "记录提及印章但未列入该印章的链。";
    /// The end of a chain does not open, or does not follow its last record. No place.
    ChainDamaged = "log-chain-damaged", "The end of a chain is damaged.", "链尾损坏。";
    /// There are more or fewer records in chains than their ends say. No place.
    ChainForked = "log-chain-forked", "The chains have more or fewer records than their ends say.", "链中记录数与链尾不符。";
    /// What a log says of a person was erased in part: erasing again finishes it. At the number of a record that is left.
    ErasureUnfinished = "log-erasure-unfinished", "An erasure was broken off and has to be finished.", "删除未完成，需重新执行。";
    /// An index row is not what the records say. At the number of the block.
    IndexDiffers = "log-index-differs", "The index is not what the records say.", "索引与记录不符。";
    /// There are index rows that the records do not say. No place.
    IndexExtra = "log-index-extra", "There is more in the index than the records say.", "索引中存在多余内容。";
    /// A pseudonym does not open, or there are more or fewer than people with chains. No place.
    PseudonymDamaged = "log-pseudonym-damaged", "The pseudonyms are not those of the chains.", "假名损坏或与链不符。";
    /// The note of a request does not open, or names a record that is another. No place.
    NoteDamaged = "log-note-damaged", "The note of a request is damaged.", "请求记载损坏。";
    /// What witnesses signed does not open, or is of a shard that there is not. At the number of the shard.
    CosignedDamaged = "log-cosigned-damaged", "What witnesses signed of a shard is damaged.", "见证签名记载损坏。";
    /// What witnesses signed is not what the tree was. At the number of the shard.
    CosignedDiffers = "log-cosigned-differs", "What witnesses signed is not what the tree was.", "见证签名的内容与树不符。";
    /// What we signed as a witness does not open, or is older than our record of it. No place.
    VouchedDamaged = "log-vouched-damaged", "What was signed as a witness is damaged, or older than its record.", "作为见证方的签名记载损坏，或早于其记录。";
    /// A block of the disk is damaged, so that not all could be looked at. No place.
    BlockDamaged = "log-block-damaged", "A block of the disk is damaged; what lies behind it was not looked at.", "磁盘数据块损坏，其后的内容未能检查。";
    /// The note of what is kept does not open. No place.
    KeptDamaged = "log-kept-damaged", "The note of what is kept does not open.", "保存范围记载无法打开。";
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.fault.code())?;
        if let Some(log) = self.log {
            write!(f, " {log}")?;
        }
        if let Some(at) = self.at {
            write!(f, " {at}")?;
        }
        write!(f, ": {}", self.fault.text().en)
    }
}
