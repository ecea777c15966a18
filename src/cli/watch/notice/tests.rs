use std::path::Path;

use super::*;
use crate::signals::webhook::Form;

fn wanted(folder: &Path) -> webhook::Webhook {
    webhook::Webhook {
        url: Secret::File(folder.join("url")),
        key: Some(Secret::File(folder.join("key"))),
        form: Form::Slack,
        source: None,
        redact: true,
        ca_file: None,
        timeout: Duration::from_secs(3),
    }
}

#[test]
fn a_webhook_is_made_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    let wanted = wanted(folder.path());
    let refused = || Made::of(&wanted, "/clusters/a").err().unwrap().render();
    assert!(refused().contains("url given with --webhook-url-file"));
    fs::write(path("url"), "https://hooks.example.com/hunter2\n").unwrap();
    fs::write(path("key"), "\n").unwrap();
    assert!(refused().contains("key given with --webhook-key-file is empty"));
    fs::write(path("key"), "swordfish \r\n").unwrap();
    let made = Made::of(&wanted, "/clusters/a").unwrap();
    let settings = &made.settings;
    assert_eq!(settings.url, "https://hooks.example.com/hunter2");
    assert_eq!(settings.key.as_deref(), Some(&b"swordfish"[..]));
    assert_eq!((settings.form, settings.redact), (Form::Slack, true));
    assert_eq!(settings.source, "/clusters/a");
    assert_eq!(settings.timeout, Duration::from_secs(3));
    assert!(made == Made::of(&wanted, "/clusters/a").unwrap());
    fs::write(path("key"), "another").unwrap();
    assert!(made != Made::of(&wanted, "/clusters/a").unwrap());
}

#[tokio::test]
async fn what_is_broken_keeps_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    let wanted = wanted(folder.path());
    let mut notice = Notice::new("prod", &Metrics::new());
    let name = |notice: &Notice| notice.running.as_ref().map(|it| it.webhook.name());
    notice.set(None);
    assert_eq!((name(&notice), &notice.complaint), (None, &None));
    notice.set(Some(&wanted));
    assert_eq!(name(&notice), None);
    let complaint = notice.complaint.clone().unwrap();
    assert!(complaint.contains("--webhook-url-file"), "{complaint}");

    fs::write(path("url"), "http://one.example.com/hunter2").unwrap();
    fs::write(path("key"), "swordfish").unwrap();
    notice.set(Some(&wanted));
    assert_eq!(name(&notice).as_deref(), Some("http://one.example.com"));
    assert_eq!(notice.complaint, None);

    fs::write(path("url"), "hunter2").unwrap();
    notice.set(Some(&wanted));
    assert_eq!(name(&notice).as_deref(), Some("http://one.example.com"));
    let complaint = notice.complaint.clone().unwrap();
    assert!(!complaint.contains("hunter2"), "{complaint}");

    fs::write(path("url"), "http://two.example.com/hunter2").unwrap();
    notice.set(Some(&wanted));
    assert_eq!(name(&notice).as_deref(), Some("http://two.example.com"));
    notice.set(None);
    assert_eq!(name(&notice), None);
    notice.end(LAST_EVENTS, pending()).await;
}
