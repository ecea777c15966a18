//! A control plane from the programs of Kubernetes: etcd, API server and controllers.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::kubeconfig::{self, Access};
use super::{ADMIN, USERS};
use crate::rig::certificates::{Authority, Identity};
use crate::rig::process::free_port;

/// How long a process may take to become ready, in steps of [`PAUSE`].
const TRIES: u32 = 1200;
const PAUSE: Duration = Duration::from_millis(100);

/// The running processes, ended when dropped: the last one started first.
#[derive(Debug)]
pub(super) struct Processes {
    children: Vec<Child>,
    folder: PathBuf,
    /// Holds data, certificates and logs.
    directory: tempfile::TempDir,
}

impl Processes {
    /// Starts what is in `folder`, with a token for every user.
    ///
    /// # Panics
    /// When something is missing or does not become ready.
    pub(super) fn start(folder: &Path) -> (Self, Access) {
        let mut all = Self {
            children: Vec::new(),
            folder: folder.to_owned(),
            directory: tempfile::tempdir().expect("a temporary directory"),
        };
        let access = all.start_api_server();
        if all.has("kube-controller-manager") {
            all.start_controllers(&access);
        }
        (all, access)
    }

    pub(super) fn run_controllers(&self) -> bool {
        self.has("kube-controller-manager")
    }

    fn has(&self, program: &str) -> bool {
        self.folder.join(program).is_file()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn start_etcd(&mut self) -> u16 {
        let (port, peers) = (free_port(), free_port());
        let url = |port| format!("http://127.0.0.1:{port}");
        let flags = [
            format!("--data-dir={}", self.path("etcd").display()),
            format!("--listen-client-urls={}", url(port)),
            format!("--advertise-client-urls={}", url(port)),
            format!("--listen-peer-urls={}", url(peers)),
            format!("--initial-advertise-peer-urls={}", url(peers)),
            format!("--initial-cluster=default={}", url(peers)),
            // Nothing is worth keeping.
            "--unsafe-no-fsync".to_owned(),
        ];
        self.spawn("etcd", &flags);
        self.wait("etcd", || is_healthy(port));
        port
    }

    fn start_api_server(&mut self) -> Access {
        let etcd = self.start_etcd();
        let (port, authority) = (free_port(), Authority::new());
        self.write_files(&authority);
        let file = |flag: &str, name: &str| format!("--{flag}={}", self.path(name).display());
        let flags = [
            format!("--etcd-servers=http://127.0.0.1:{etcd}"),
            format!("--secure-port={port}"),
            file("tls-cert-file", "server.crt"),
            file("tls-private-key-file", "server.key"),
            file("token-auth-file", "tokens.csv"),
            // The public key is in the certificate.
            file("service-account-key-file", "server.crt"),
            file("service-account-signing-key-file", "server.key"),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            "--authorization-mode=RBAC".to_owned(),
            "--bind-address=127.0.0.1".to_owned(),
            "--advertise-address=127.0.0.1".to_owned(),
            "--endpoint-reconciler-type=none".to_owned(),
            "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
            // Pods need no service account, which only a controller could give them.
            "--disable-admission-plugins=ServiceAccount".to_owned(),
        ];
        self.spawn("kube-apiserver", &flags);
        let access = Access {
            url: format!("https://127.0.0.1:{port}"),
            authority: authority.pem,
            token: ADMIN.to_owned(),
        };
        self.wait("kube-apiserver", || is_ready(&access));
        access
    }

    /// Certificates, keys, and tokens with the groups of their users.
    fn write_files(&self, authority: &Authority) {
        let Identity { certificate, key } = authority.identity();
        let mut tokens = format!("{ADMIN},{ADMIN},{ADMIN},system:masters\n");
        for user in USERS {
            tokens += &format!("{user},{user},{user}\n");
        }
        let files = [
            ("server.crt", &certificate),
            ("server.key", &key),
            ("authority.pem", &authority.pem),
            ("tokens.csv", &tokens),
        ];
        for (name, text) in files {
            fs::write(self.path(name), text).expect("a file of the API server");
        }
    }

    fn start_controllers(&mut self, access: &Access) {
        let config = kubeconfig::config(&access.url, &self.path("authority.pem"), &access.token);
        let file = self.path("kubeconfig");
        fs::write(&file, config.to_string()).expect("a kubeconfig");
        let flags = [
            format!("--kubeconfig={}", file.display()),
            format!(
                "--service-account-private-key-file={}",
                self.path("server.key").display()
            ),
            format!("--root-ca-file={}", self.path("authority.pem").display()),
            "--leader-elect=false".to_owned(),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--secure-port={}", free_port()),
            format!("--cert-dir={}", self.path("controllers").display()),
        ];
        self.spawn("kube-controller-manager", &flags);
        self.wait("kube-controller-manager", || {
            kubeconfig::has_service_accounts(&file)
        });
    }

    fn spawn(&mut self, program: &str, flags: &[String]) {
        let log = File::create(self.path(&format!("{program}.log"))).expect("a log file");
        let child = Command::new(self.folder.join(program))
            .args(flags)
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        let child = child.unwrap_or_else(|it| panic!("{program} in KUBEBUILDER_ASSETS: {it}"));
        self.children.push(child);
    }

    /// Waits until the process started last is ready.
    fn wait(&mut self, program: &str, is_ready: impl Fn() -> bool) {
        for _ in 0..TRIES {
            if is_ready() {
                return;
            }
            let child = self.children.last_mut().expect("a process");
            if child.try_wait().expect("its state").is_some() {
                break;
            }
            std::thread::sleep(PAUSE);
        }
        let log = fs::read_to_string(self.path(&format!("{program}.log")));
        panic!(
            "{program} did not become ready: {}",
            log.unwrap_or_default()
        );
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        while let Some(mut child) = self.children.pop() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Whether etcd answers that it is healthy.
fn is_healthy(port: u16) -> bool {
    let asked = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /health HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    asked().is_ok_and(|it| it.contains("\"health\":\"true\""))
}

/// Whether the API server says of itself that it is ready.
fn is_ready(access: &Access) -> bool {
    // Another test of this process may have done so.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificate = reqwest::Certificate::from_pem(access.authority.as_bytes());
    let certificate = certificate.expect("a certificate");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([certificate])
            .timeout(Duration::from_secs(5))
            .build();
        let asked = client
            .expect("a client")
            .get(format!("{}/readyz", access.url));
        let answer = asked.bearer_auth(&access.token).send().await;
        answer.is_ok_and(|it| it.status().is_success())
    })
}
