use std::io::{self, BufRead, Read};

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

fn packed(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), Timestamp::from_second(1_767_225_600).unwrap());
    for (path, content) in files {
        writer
            .file(path, content.len() as u64, content.as_slice())
            .unwrap();
    }
    writer.finish().unwrap()
}

fn two() -> Vec<(String, Vec<u8>)> {
    vec![
        ("a/one.txt".to_owned(), b"1".repeat(700)),
        ("a/two.txt".to_owned(), b"2".to_vec()),
    ]
}

fn read(from: Option<impl BufRead>) -> io::Result<Option<Vec<u8>>> {
    let mut content = Vec::new();
    match from {
        Some(mut it) => it.read_to_end(&mut content).map(|_| Some(content)),
        None => Ok(None),
    }
}

#[test]
fn the_same_files_give_the_same_bytes_and_read_back() {
    let bytes = packed(&two());
    assert_eq!(bytes, packed(&two()));
    assert!(is_archive(bytes.as_slice()).unwrap());
    let two = entry(bytes.as_slice(), |it| it.ends_with("two.txt")).unwrap();
    assert_eq!(read(two).unwrap(), Some(b"2".to_vec()));
    let none = entry(bytes.as_slice(), |it| it == "two.txt").unwrap();
    assert_eq!(read(none).unwrap(), None);
}

#[test]
fn what_is_no_archive_is_told_from_one() {
    let mut plain = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    io::Write::write_all(&mut plain, &b"{\"kind\":\"Snapshot\"}\n".repeat(100)).unwrap();
    for bytes in [plain.finish().unwrap().as_slice(), b"{}", b"", b"\x1f"] {
        assert!(!is_archive(bytes).unwrap());
        assert!(Entries::of(bytes).unwrap().is_none());
        let refused = entry(bytes, |_| true).map(|_| ()).unwrap_err();
        assert_eq!(refused.to_string(), "it is no archive");
    }
}

#[test]
fn an_archive_that_is_cut_off_is_an_error_and_not_a_shorter_one() {
    let bytes = packed(&two());
    for end in 0..bytes.len() - 8 {
        let found = entry(&bytes[..end], |it| it == "a/two.txt").and_then(read);
        assert!(!matches!(found, Ok(None)), "{end}");
    }
}

#[test]
fn what_unpacks_to_too_much_or_is_too_large_is_given_up() {
    let files = [
        ("zeros".to_owned(), vec![0; 1 << 20]),
        ("end".to_owned(), vec![]),
    ];
    let bytes = packed(&files);
    assert!(bytes.len() < 4096);
    let mut plain = Vec::new();
    let mut unpacking = flate2::read::GzDecoder::new(bytes.as_slice());
    unpacking.read_to_end(&mut plain).unwrap();
    let mut entries = read::Entries::plain(plain.as_slice(), 10_000);
    entries.next().unwrap();
    assert_eq!(
        entries.next().unwrap_err().to_string(),
        "it unpacks to too much"
    );
    let mut entries = Entries::of(bytes.as_slice()).unwrap().unwrap();
    let zeros = entries.next().unwrap().unwrap();
    let refused = entries.content(&zeros, 1000).unwrap_err();
    assert_eq!(refused.to_string(), "zeros is larger than 0 MiB");
}

#[test]
fn links_and_folders_are_no_files() {
    let mut tar = tar::Builder::new(Vec::new());
    for kind in [tar::EntryType::Symlink, tar::EntryType::Directory] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        header.set_path("../../etc/passwd").unwrap_err();
        header.set_path("etc/passwd").unwrap();
        header.set_cksum();
        tar.append(&header, io::empty()).unwrap();
    }
    let plain = tar.into_inner().unwrap();
    let mut entries = read::Entries::plain(plain.as_slice(), 1 << 20);
    assert_eq!(entries.next().unwrap(), None);
}

/// The files of an archive that `build` packs, not compressed.
fn plain(build: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    build(&mut tar);
    tar.into_inner().unwrap()
}

/// The first file of an archive, and its content.
fn first(bytes: &[u8]) -> io::Result<Option<(String, Vec<u8>)>> {
    let mut entries = Entries::of(bytes)?.unwrap();
    let Some(found) = entries.next()? else {
        return Ok(None);
    };
    let content = entries.content(&found, 1 << 20)?;
    Ok(Some((found.path, content)))
}

fn header(kind: tar::EntryType, path: &str, size: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(kind);
    header.set_path(path).unwrap();
    header.set_size(size);
    header.set_cksum();
    header
}

#[test]
fn extended_headers_are_of_the_next_file_only_and_beat_its_own() {
    let long = "a".repeat(120);
    let bytes = plain(|tar| {
        let of_all = b"20 path=not/of/all\n".as_slice();
        let kind = tar::EntryType::XGlobalHeader;
        tar.append(&header(kind, "g", of_all.len() as u64), of_all)
            .unwrap();
        tar.append_pax_extensions([("path", b"folder".as_slice())])
            .unwrap();
        tar.append(&header(tar::EntryType::Directory, "d", 0), io::empty())
            .unwrap();
        tar.append_pax_extensions([("mtime", b"1".as_slice()), ("path", long.as_bytes())])
            .unwrap();
        tar.append(&header(tar::EntryType::Regular, "short", 2), &b"hi"[..])
            .unwrap();
        tar.append(&header(tar::EntryType::Regular, "./own//x", 2), &b"ho"[..])
            .unwrap();
    });
    let mut entries = Entries::of(bytes.as_slice()).unwrap().unwrap();
    let mut found = Vec::new();
    while let Some(it) = entries.next().unwrap() {
        found.push(it.path);
    }
    assert_eq!(found, [long.as_str(), "own/x"]);
}

#[test]
fn a_size_in_an_extended_header_is_the_files_own() {
    let bytes = plain(|tar| {
        tar.append_pax_extensions([("size", b"600".as_slice())])
            .unwrap();
        // As where a size has no room in its header: it says nothing of use.
        let mut short = header(tar::EntryType::Regular, "a", 0);
        short.set_cksum();
        tar.append(&short, b"x".repeat(1024).as_slice()).unwrap();
    });
    let (path, content) = first(&bytes).unwrap().unwrap();
    assert_eq!((path.as_str(), content), ("a", b"x".repeat(600)));
}

#[test]
fn folders_of_old_archives_and_sparse_files_are_told() {
    let old = plain(|tar| {
        let mut folder = tar::Header::new_old();
        folder.as_old_mut().name[..2].copy_from_slice(b"d/");
        folder.set_size(0);
        folder.set_cksum();
        tar.append(&folder, io::empty()).unwrap();
    });
    assert_eq!(first(&old).unwrap(), None);
    let sparse = plain(|tar| {
        tar.append_pax_extensions([("GNU.sparse.major", b"1".as_slice())])
            .unwrap();
        tar.append(&header(tar::EntryType::Regular, "s", 0), io::empty())
            .unwrap();
    });
    let refused = first(&sparse).unwrap_err().to_string();
    assert_eq!(
        refused,
        "s is packed as a sparse file; pack it without `--sparse`"
    );
}

proptest! {
    #[test]
    fn every_file_reads_back_whatever_its_size(
        sizes in prop::collection::vec(0_usize..2000, 1..6),
        long in any::<bool>(),
    ) {
        let folder = if long { "f/".repeat(80) } else { "f/".to_owned() };
        let files = sizes.iter().enumerate();
        let files: Vec<_> = files.map(|(at, size)| (format!("{folder}{at}"), vec![at as u8; *size])).collect();
        let bytes = packed(&files);
        let mut entries = Entries::of(bytes.as_slice()).unwrap().unwrap();
        let mut found = Vec::new();
        while let Some(it) = entries.next().unwrap() {
            let content = entries.content(&it, 1 << 20).unwrap();
            found.push((it.path, content));
        }
        prop_assert_eq!(found, files);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        let mut entries = read::Entries::plain(bytes.as_slice(), 1 << 20);
        while let Ok(Some(it)) = entries.next() {
            let _ = entries.content(&it, 1 << 20);
        }
    }
}
