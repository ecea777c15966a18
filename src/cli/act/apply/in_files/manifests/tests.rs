use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn names(manifests: &[Manifest]) -> Vec<String> {
    let names = manifests.iter().map(|it| Path::new(&it.name));
    let names = names.map(|it| it.file_name().unwrap().to_string_lossy().into_owned());
    names.collect()
}

#[test]
fn folders_stand_for_their_manifests_and_nothing_is_read_twice() {
    let folder = folder();
    let root = folder.path();
    fs::create_dir_all(root.join("below.yaml")).unwrap();
    for name in [
        "b.yml",
        "a.yaml",
        "c.json",
        "README.md",
        "below.yaml/d.yaml",
    ] {
        fs::write(root.join(name), name).unwrap();
    }
    let read = read(&[root.join("c.json"), root.to_owned(), root.join("a.yaml")]).unwrap();
    assert_eq!(names(&read), ["c.json", "a.yaml", "b.yml"]);
    assert_eq!(read[1].before, "a.yaml");
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = folder();
    let latin = folder.path().join("latin.yaml");
    fs::write(&latin, b"\xe9").unwrap();
    for path in [latin, folder.path().join("missing.yaml")] {
        let told = read(std::slice::from_ref(&path)).unwrap_err().to_string();
        assert!(told.contains(path.to_str().unwrap()), "{told}");
    }
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let told = read(&[empty]).unwrap_err();
    assert!(
        matches!(told, Error::Files(files::Error::Empty { .. })),
        "{told}"
    );
}

/// Two manifests that are to be others.
fn edited(folder: &Path) -> Vec<Manifest> {
    let paths = ["a.yaml", "b.yaml"].map(|it| folder.join(it));
    for path in &paths {
        fs::write(path, "old").unwrap();
    }
    let mut manifests = read(&paths).unwrap();
    for it in &mut manifests {
        it.after = "new".to_owned();
    }
    manifests
}

fn texts(folder: &Path) -> [String; 2] {
    ["a.yaml", "b.yaml"].map(|it| fs::read_to_string(folder.join(it)).unwrap())
}

#[test]
fn all_are_written_and_nothing_stays_beside_them() {
    let folder = folder();
    write(&edited(folder.path())).unwrap();
    assert_eq!(texts(folder.path()), ["new", "new"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn one_that_changed_meanwhile_keeps_all_from_being_written() {
    let folder = folder();
    let manifests = edited(folder.path());
    fs::write(folder.path().join("b.yaml"), "theirs").unwrap();
    let told = write(&manifests).unwrap_err();
    assert!(matches!(told, files::Error::Changed { .. }), "{told}");
    assert_eq!(texts(folder.path()), ["old", "theirs"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[cfg(unix)]
#[test]
fn permissions_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = folder();
    let (real, link) = (folder.path().join("real"), folder.path().join("link.yaml"));
    fs::write(&real, "old").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o664)).unwrap();
    symlink(&real, &link).unwrap();
    let mut manifests = read(std::slice::from_ref(&link)).unwrap();
    manifests[0].after = "new".to_owned();
    write(&manifests).unwrap();
    assert!(link.is_symlink());
    assert_eq!(fs::read_to_string(&real).unwrap(), "new");
    let mode = || fs::metadata(&real).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o664);

    fs::set_permissions(&real, fs::Permissions::from_mode(0o444)).unwrap();
    let mut manifests = read(&[link]).unwrap();
    manifests[0].after = "newer".to_owned();
    assert!(matches!(write(&manifests), Err(files::Error::Write { .. })));
    assert_eq!(fs::read_to_string(&real).unwrap(), "new");
}
