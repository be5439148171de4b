//! The unsigned files of a document.

use std::collections::BTreeMap;

use super::{Files, SIGNATURES};
use crate::digest::{Sha256, to_hex};
use crate::time::Date;

pub(super) const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
pub(super) const NAMESPACE: &str = "http://www.ofdspec.org/2016";
/// Identifier of the only page; seals are shown on it.
pub(super) const PAGE_ID: &str = "1";

/// What the face calls the fields (GB/T 36903).
const LABELS: [(&str, &str); 12] = [
    ("ZZMC", "证照名称"),
    ("ZZLXMC", "证照类型名称"),
    ("ZZLXDM", "证照类型代码"),
    ("ZZBH", "证照编号"),
    ("ZZBS", "证照标识"),
    ("ZZBFJG", "证照颁发机构"),
    ("ZZBFJGDM", "证照颁发机构代码"),
    ("ZZBFRQ", "证照颁发日期"),
    ("CZZT", "持证主体"),
    ("CZZTDM", "持证主体代码"),
    ("ZZYXQQSRQ", "有效期起始日期"),
    ("ZZYXQJZRQ", "有效期截止日期"),
];

pub(super) fn files(fields: &BTreeMap<String, String>, title: &str, created: Option<Date>, has_list: bool) -> Files {
    let document = format!(
        "{XML}<ofd:Document xmlns:ofd=\"{NAMESPACE}\"><ofd:CommonData><ofd:MaxUnitID>{}</ofd:MaxUnitID>\
         <ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea>\
         <ofd:PublicRes>PublicRes.xml</ofd:PublicRes></ofd:CommonData>\
         <ofd:Pages><ofd:Page ID=\"{PAGE_ID}\" BaseLoc=\"Pages/Page_0/Content.xml\"/></ofd:Pages></ofd:Document>",
        fields.len() + 10,
    );
    let resources = format!(
        "{XML}<ofd:Res xmlns:ofd=\"{NAMESPACE}\" BaseLoc=\"Res\"><ofd:Fonts>\
         <ofd:Font ID=\"3\" FontName=\"宋体\" FamilyName=\"宋体\"/></ofd:Fonts></ofd:Res>"
    );
    [
        ("OFD.xml", entry(fields, title, created, has_list)),
        ("Doc_0/Document.xml", document),
        ("Doc_0/PublicRes.xml", resources),
        ("Doc_0/Pages/Page_0/Content.xml", page(fields, title)),
    ]
    .map(|(path, text)| (path.to_owned(), text.into_bytes()))
    .to_vec()
}

fn entry(fields: &BTreeMap<String, String>, title: &str, created: Option<Date>, has_list: bool) -> String {
    let title = escape(title);
    let mut custom = String::new();
    for (name, value) in fields {
        let (name, value) = (escape(name), escape(value));
        custom.push_str(&format!("<ofd:CustomData Name=\"{name}\">{value}</ofd:CustomData>"));
    }
    // The identifier is a UUID in form; here it follows from the content.
    let digest = to_hex(&Sha256::of(&[title.as_bytes(), custom.as_bytes()]).0);
    let id = digest.get(..32).unwrap_or_default();
    let created = created.map(|date| format!("<ofd:CreationDate>{date}</ofd:CreationDate>")).unwrap_or_default();
    let list = if has_list { format!("<ofd:Signatures>/{SIGNATURES}</ofd:Signatures>") } else { String::new() };
    format!(
        "{XML}<ofd:OFD xmlns:ofd=\"{NAMESPACE}\" Version=\"1.0\" DocType=\"OFD\"><ofd:DocBody><ofd:DocInfo>\
         <ofd:DocID>{id}</ofd:DocID><ofd:Title>{title}</ofd:Title>{created}<ofd:Creator>licet</ofd:Creator>\
         <ofd:CustomDatas>{custom}</ofd:CustomDatas></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>{list}\
         </ofd:DocBody></ofd:OFD>"
    )
}

fn page(fields: &BTreeMap<String, String>, title: &str) -> String {
    let mut objects = text_object(4, 20, 8, title);
    for (at, (name, value)) in fields.iter().enumerate() {
        let label = LABELS.iter().find(|(short, _)| short == name).map_or(name.as_str(), |(_, label)| label);
        objects.push_str(&text_object(at + 5, 40 + at * 8, 4, &format!("{label}：{value}")));
    }
    format!(
        "{XML}<ofd:Page xmlns:ofd=\"{NAMESPACE}\"><ofd:Content><ofd:Layer ID=\"2\">{objects}</ofd:Layer></ofd:Content></ofd:Page>"
    )
}

/// One line of text: identifier, distance from the top and size of the letters, both in millimetres.
fn text_object(id: usize, top: usize, size: usize, text: &str) -> String {
    // Wide enough for Chinese letters throughout; one advance less than there are letters.
    let steps = text.chars().count().saturating_sub(1);
    let delta = if steps > 0 { format!(" DeltaX=\"g {steps} {size}\"") } else { String::new() };
    let (height, text) = (size + 2, escape(text));
    format!(
        "<ofd:TextObject ID=\"{id}\" Boundary=\"20 {top} 170 {height}\" Font=\"3\" Size=\"{size}\">\
         <ofd:TextCode X=\"0\" Y=\"{size}\"{delta}>{text}</ofd:TextCode></ofd:TextObject>"
    )
}

/// Text as XML content or attribute value.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}
