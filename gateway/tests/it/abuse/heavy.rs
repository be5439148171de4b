//! The heaviest documents: small files that ask for as much memory as a budget allows, from many callers at once.

use crypto::issue::zip::zip;

use crate::admin::ask_at;
use crate::client::{Http, request};
use crate::licence_kit::{Office, fields};
use crate::process::Site;
use crate::started::{ISSUER, OTHER_ISSUER, VERIFIER};

/// What the gateway may take.
const MAX_MIB: u64 = 832;

const SERVER: &str = "workers_max = 1\nbody_bytes_max = 4_194_304\nbodies_bytes_max = 67_108_864\nanswers_bytes_max = 33_554_432
connections_max = 256\n";

const SECTIONS: &str = "[memory]\nmax_mib = 832\nstore_mib = 32\n[cache]\nverdicts_mib = 8\nsm2_tables_mib = 4
[status]\nhistory_bytes_max = 16_777_216\n[limits]\nin_flight_max = 1_024\ncaller_in_flight_max = 400\n";

const PDF: &str = "%PDF-1.7\n";
const PAGES: &str = "2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n";

/// A PDF whose catalog has this as well.
fn with_catalog(more: &str) -> Vec<u8> {
    let catalog = format!("1 0 obj\n<</Type/Catalog/Pages 2 0 R/More {more}>>\nendobj\n");
    let (first, second) = (PDF.len(), PDF.len() + catalog.len());
    let at = second + PAGES.len();
    let table = format!("xref\n0 3\n0000000000 65535 f\r\n{first:010} 00000 n\r\n{second:010} 00000 n\r\n");
    format!("{PDF}{catalog}{PAGES}{table}trailer\n<</Size 3/Root 1 0 R>>\nstartxref\n{at}\n%%EOF\n").into_bytes()
}

/// A PDF with so many cross-references, nearly all of them of nothing.
fn with_references(count: usize) -> Vec<u8> {
    let catalog = "1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n";
    let (first, second) = (PDF.len(), PDF.len() + catalog.len());
    let at = second + PAGES.len();
    let mut rows = vec![0; 4];
    for place in [first, second, at] {
        rows.extend([&[1][..], &u16::try_from(place).unwrap().to_be_bytes(), &[0]].concat());
    }
    rows.resize(count * 4, 0);
    let head = format!("3 0 obj\n<</Type/XRef/Size {count}/W[1 2 1]/Root 1 0 R/Length {}>>stream\n", rows.len());
    let tail = format!("\nendstream\nendobj\nstartxref\n{at}\n%%EOF\n");
    [PDF, catalog, PAGES, &head].map(str::as_bytes).concat().into_iter().chain(rows).chain(tail.bytes()).collect()
}

/// An OFD whose first file has so many elements, beside files that unfold.
fn with_elements(count: usize) -> Vec<u8> {
    let head = "<ofd:OFD xmlns:ofd=\"http://www.ofdspec.org/2016\" Version=\"1.0\" DocType=\"OFD\"><ofd:DocBody>";
    let root = format!("{head}{}</ofd:DocBody></ofd:OFD>", "<a/>".repeat(count));
    let unfolding = (0..3).map(|number| (format!("Doc_0/{number}.xml"), vec![b' '; 18 << 20]));
    zip(&std::iter::once(("OFD.xml".to_owned(), root.into_bytes())).chain(unfolding).collect::<Vec<_>>())
}

/// Those of one round, none of which was in another: nothing is answered from what is kept.
fn documents(round: usize) -> Vec<(&'static str, Vec<u8>)> {
    let names: String = (0..190_000).map(|number| format!("/{number:x} 0")).collect();
    vec![
        ("application/pdf", with_catalog(&format!("[{}]", "<</a 0>>".repeat(130_000 - round)))),
        ("application/pdf", with_catalog(&format!("<</round {round}{names}>>"))),
        ("application/pdf", with_references(390_000 - round)),
        // More than any may have.
        ("application/pdf", with_references(1_000_000 - round)),
        ("application/ofd", with_elements(900_000 - round)),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_heaviest_documents_at_once_stay_within_the_memory() {
    let office = Office::new();
    let site = Site::with_server(&office, SERVER, SECTIONS);
    let process = site.start();
    let before = process.usage();
    let mut asked = tokio::task::JoinSet::new();
    for round in 0..3 {
        for (number, (media, document)) in documents(round).into_iter().enumerate() {
            assert!(document.len() <= 4 << 20, "{number}");
            let caller = [VERIFIER, ISSUER, OTHER_ISSUER][(round + number) % 3];
            let path = if caller == VERIFIER { "/v1/verifications" } else { "/v1/licences" };
            let (client, request) = (site.client(&process, caller), request("POST", path, media, document));
            asked.spawn(async move { client.send(Http::One, request).await });
        }
    }
    let mut verdicts = 0;
    while let Some(reply) = asked.join_next().await {
        let reply = reply.unwrap();
        match reply.status.as_u16() {
            200 => {
                assert_eq!(reply.json()["indication"], "TOTAL-FAILED");
                verdicts += 1;
            }
            422 | 503 => {}
            status => panic!("{status}: {reply:?}"),
        }
    }
    let after = process.usage();
    assert!(verdicts >= 1, "none was looked at");
    assert!(after.peak_kib < MAX_MIB << 10, "{after:?}, from {before:?}");
    let document = office.ofd(&fields("1", 1));
    let verdict = request("POST", "/v1/verifications", "application/ofd", document);
    assert_eq!(site.client(&process, VERIFIER).send(Http::One, verdict).await.status, 200);
    let metrics = ask_at(process.admin, "GET /metrics").await;
    assert!(metrics.contains("licet_memory_bytes{what=\"limit\"} 872415232"), "{metrics}");
}
