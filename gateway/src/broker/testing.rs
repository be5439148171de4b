//! A question for tests.

use std::sync::Arc;

use crypto::grants::{Authority, Consumer};
use crypto::licence::{HolderCodeType, HolderNumber};
use crypto::time::Timestamp;
use serde_json::json;

use super::{Class, Errand, Question};

/// A question about this subject.
pub(super) fn question(subject: &str) -> Question {
    let resource = json!({
        "code": "a/1", "name": "a", "provider": "11330105002500287C", "share": "conditional", "legal_basis": "law",
        "sensitivity": "personal", "subjects": ["999"], "update": "live", "source": "a", "idempotent": true,
        "sla": { "latency_ms": 100, "slow_permille_max": 10, "error_permille_max": 10 },
        "fields": [{ "name": "name", "title": "name", "type": "text" }],
    });
    let errand = Errand {
        now: Timestamp::from_unix(1_800_000_000),
        request_id: "request".into(),
        consumer: Consumer { caller: "counter".into(), organisation: "11330105002500287C".into() },
        authority: Authority::Duty,
        item: "item".into(),
        purpose: None,
        case: None,
        operator: None,
        class: Class::Interactive,
    };
    Question {
        subject: HolderNumber::parse(HolderCodeType::OtherPerson, subject, "2026-07-01".parse().unwrap()).unwrap(),
        resource: Arc::new(serde_json::from_value(resource).unwrap()),
        fields: ["name".to_owned()].into(),
        stale_s_max: None,
        errand: Arc::new(errand),
    }
}
