//! The services of the shop and what is wrong with each. `examples/README.md` is the same as
//! a table for people.

use super::load::{DAY, FLAT, HOUR, Load, MINUTE, OFFICE, SHOPPING, Surge};

/// A workload with its autoscalers.
pub(crate) struct Service {
    pub(crate) namespace: &'static str,
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) main: Container,
    pub(crate) sidecar: Option<Sidecar>,
    /// At the beginning.
    pub(crate) replicas: usize,
    /// Seconds from a pod's creation until it is Ready.
    pub(crate) startup: f64,
    /// At least one; they act in this order.
    pub(crate) hpas: Vec<Hpa>,
    pub(crate) load: Load,
    /// `minAvailable` of its PodDisruptionBudget.
    pub(crate) budget: Option<&'static str>,
    pub(crate) records_memory: bool,
    /// Hours after the start of the history, from and until which no metrics were scraped.
    pub(crate) unscraped: &'static [(i64, i64)],
    /// Whether KEDA has made its one HPA.
    pub(crate) scaled: Option<Scaled>,
}

/// What a ScaledObject has besides the settings of its HPA: a trigger of type prometheus after
/// that of type cpu, which asks for fewer pods.
pub(crate) struct Scaled {
    /// Requests a second for each core in use.
    pub(crate) rate: f64,
    /// Requests a second for each pod.
    pub(crate) threshold: u32,
    /// Replicas while the source of the trigger fails.
    pub(crate) fallback: Option<usize>,
}

/// CPU in cores.
pub(crate) struct Container {
    pub(crate) name: &'static str,
    pub(crate) request: Option<f64>,
    pub(crate) limit: Option<f64>,
}

/// A container beside the one that serves.
pub(crate) struct Sidecar {
    pub(crate) container: Container,
    /// Its usage as a share of the serving container's.
    pub(crate) share: f64,
}

/// The settings of an autoscaler on CPU utilization.
pub(crate) struct Hpa {
    pub(crate) name: &'static str,
    pub(crate) min: usize,
    pub(crate) max: usize,
    /// Percent of the request.
    pub(crate) target: u32,
    /// Scale-down stabilization in seconds.
    pub(crate) down_window: i64,
    /// At most so many pods in so many seconds; `None` for the defaults of Kubernetes.
    pub(crate) up_policy: Option<(usize, i64)>,
}

impl Service {
    /// Cores that a pod requests; `None` where a container requests none.
    pub(crate) fn request(&self) -> Option<f64> {
        self.total(|it| it.request)
    }

    /// Cores that a pod may use; `None` where a container has no limit.
    pub(crate) fn limit(&self) -> Option<f64> {
        self.total(|it| it.limit)
    }

    fn total(&self, amount: impl Fn(&Container) -> Option<f64>) -> Option<f64> {
        match &self.sidecar {
            Some(sidecar) => Some(amount(&self.main)? + amount(&sidecar.container)?),
            None => amount(&self.main),
        }
    }

    pub(crate) fn sidecar_share(&self) -> f64 {
        self.sidecar.as_ref().map_or(0.0, |it| it.share)
    }
}

/// Every service that is scaled by its own HPA, in the order of the file.
pub(crate) fn services() -> Vec<Service> {
    vec![
        images(),
        checkout(),
        orders_worker(),
        payments(),
        shipping(),
        cart(),
        catalog(),
        notifications(),
        quotes(),
        recommendations(),
        search(),
        sessions(),
        web(),
    ]
}

/// Well tuned: the floor fits the night, the target leaves room, pods are quick.
fn cart() -> Service {
    Service {
        records_memory: true,
        budget: Some("2"),
        ..service(
            "shop",
            "cart",
            app(0.5, 1.0),
            hpa("cart", 3, 12, 75),
            shopping(0.95, 3.3),
        )
    }
}

/// Well tuned, too, at another size.
fn shipping() -> Service {
    let load = Load {
        rhythm: OFFICE,
        weekend: 0.9,
        ..shopping(0.37, 1.65)
    };
    Service {
        budget: Some("1"),
        ..service(
            "orders",
            "shipping",
            app(0.25, 0.5),
            hpa("shipping", 2, 10, 80),
            load,
        )
    }
}

/// Well tuned, too, as a ScaledObject.
fn notifications() -> Service {
    let service = service(
        "shop",
        "notifications",
        app(0.5, 1.0),
        hpa("keda-hpa-notifications", 3, 12, 75),
        shopping(0.9, 3.2),
    );
    Service {
        scaled: Some(Scaled {
            rate: 120.0,
            threshold: 60,
            fallback: Some(6),
        }),
        ..service
    }
}

/// `no-fallback`, and `pinned-at-max`: a ScaledObject that may have five pods and needs eight at
/// lunch and in the evening.
fn quotes() -> Service {
    let service = service(
        "shop",
        "quotes",
        app(0.5, 1.0),
        hpa("keda-hpa-quotes", 2, 5, 70),
        shopping(0.8, 2.9),
    );
    Service {
        scaled: Some(Scaled {
            rate: 200.0,
            threshold: 100,
            fallback: None,
        }),
        ..service
    }
}

/// `two-autoscalers-one-target`: somebody added a second HPA with another target; and
/// `sidecar-skew`: the proxy's large request hides that the serving container is at its own.
fn web() -> Service {
    let proxy = Container {
        name: "istio-proxy",
        request: Some(0.3),
        limit: Some(0.5),
    };
    let mut web = service(
        "shop",
        "web",
        app(0.3, 0.8),
        hpa("web", 4, 24, 55),
        shopping(0.85, 4.4),
    );
    web.hpas.push(hpa("web-legacy", 2, 24, 45));
    Service {
        sidecar: Some(Sidecar {
            container: proxy,
            share: 0.08,
        }),
        records_memory: true,
        budget: Some("50%"),
        ..web
    }
}

/// `idle-window`: nobody browses at night, and eight pods wait for them.
fn catalog() -> Service {
    let load = Load {
        rhythm: OFFICE,
        ..shopping(0.2, 4.3)
    };
    service(
        "shop",
        "catalog",
        app(0.5, 1.0),
        hpa("catalog", 8, 18, 60),
        load,
    )
}

/// `over-provisioned`: a target of 25 % buys three pods for the work of one; and `metric-gaps`:
/// its node pool was not scraped for most of a day and a few hours.
fn recommendations() -> Service {
    let name = "recommendations";
    Service {
        startup: 45.0,
        unscraped: &[(100, 122), (200, 202), (250, 253)],
        ..service(
            "shop",
            name,
            app(1.0, 2.0),
            hpa(name, 3, 30, 25),
            shopping(0.72, 4.2),
        )
    }
}

/// `pinned-at-max`: every evening needs a dozen pods, and eight are allowed.
fn search() -> Service {
    let evening = Surge {
        cores: 5.0,
        every: DAY,
        from: 17 * HOUR,
        ramp: HOUR,
        length: 6 * HOUR,
    };
    let load = Load {
        surges: vec![evening],
        ..shopping(1.5, 3.6)
    };
    Service {
        budget: Some("2"),
        ..service(
            "shop",
            "search",
            app(1.0, 1.5),
            hpa("search", 3, 8, 65),
            load,
        )
    }
}

/// `request-mismatch`: two cores requested where a fifth of one is used, so that the target can
/// never be reached.
fn sessions() -> Service {
    let sessions = service(
        "shop",
        "sessions",
        app(2.0, None),
        hpa("sessions", 3, 9, 70),
        shopping(0.25, 0.55),
    );
    Service {
        kind: "StatefulSet",
        ..sessions
    }
}

/// `scale-lag`: two pods every ten minutes, while lunch and the evening triple the load in eight.
fn checkout() -> Service {
    let at = |hour: i64| Surge {
        cores: 4.2,
        every: DAY,
        from: hour * HOUR,
        ramp: 8 * MINUTE,
        length: 110 * MINUTE,
    };
    let load = Load {
        surges: vec![at(12), at(18)],
        ..shopping(1.3, 2.3)
    };
    let slow = Hpa {
        up_policy: Some((2, 10 * MINUTE)),
        ..hpa("checkout", 4, 24, 60)
    };
    Service {
        startup: 120.0,
        budget: Some("2"),
        ..service("orders", "checkout", app(0.5, 1.0), slow, load)
    }
}

/// `thrashing`: orders come in pulses, and without stabilization every pulse starts pods and
/// every pause ends them.
fn orders_worker() -> Service {
    let pulse = Surge {
        cores: 2.4,
        every: 10 * MINUTE,
        from: 0,
        ramp: 0,
        length: 5 * MINUTE,
    };
    let load = Load {
        rhythm: FLAT,
        surges: vec![pulse],
        ..shopping(0.75, 0.75)
    };
    let hasty = Hpa {
        down_window: 0,
        ..hpa("orders-worker", 2, 20, 60)
    };
    Service {
        startup: 15.0,
        ..service("orders", "orders-worker", app(0.5, 1.0), hasty, load)
    }
}

/// `floor-too-low`: four times a day a settlement run meets two pods, and new ones take four
/// minutes.
fn payments() -> Service {
    let at = |hour: i64| Surge {
        cores: 3.2,
        every: DAY,
        // Not at the full hour: a sample shows the two pods alone with the work.
        from: hour * HOUR + 90,
        ramp: MINUTE,
        length: 40 * MINUTE,
    };
    let load = Load {
        rhythm: FLAT,
        surges: [8, 12, 17, 21].map(at).to_vec(),
        ..shopping(0.4, 0.4)
    };
    Service {
        startup: 240.0,
        budget: Some("1"),
        ..service(
            "orders",
            "payments",
            app(0.5, 1.0),
            hpa("payments", 2, 20, 60),
            load,
        )
    }
}

/// `missing-requests`, and therefore `unable-to-scale` and `never-scales`: without a request
/// there is no utilization. No limit either, which the API server would take for the request.
fn images() -> Service {
    let nightly = Surge {
        cores: 1.4,
        every: DAY,
        from: 2 * HOUR,
        ramp: 5 * MINUTE,
        length: 90 * MINUTE,
    };
    let load = Load {
        surges: vec![nightly],
        ..shopping(0.9, 2.6)
    };
    let images = service(
        "media",
        "images",
        app(None, None),
        hpa("images", 2, 10, 70),
        load,
    );
    Service {
        replicas: 4,
        ..images
    }
}

/// A container in cores.
fn app(request: impl Into<Option<f64>>, limit: impl Into<Option<f64>>) -> Container {
    Container {
        name: "app",
        request: request.into(),
        limit: limit.into(),
    }
}

/// A Deployment of one container with nothing special.
fn service(
    namespace: &'static str,
    name: &'static str,
    main: Container,
    hpa: Hpa,
    load: Load,
) -> Service {
    Service {
        namespace,
        name,
        kind: "Deployment",
        main,
        sidecar: None,
        replicas: hpa.min,
        startup: 25.0,
        hpas: vec![hpa],
        load,
        budget: None,
        records_memory: false,
        unscraped: &[],
        scaled: None,
    }
}

fn hpa(name: &'static str, min: usize, max: usize, target: u32) -> Hpa {
    Hpa {
        name,
        min,
        max,
        target,
        down_window: 5 * MINUTE,
        up_policy: None,
    }
}

/// Cores at night and at the evening peak, with a campaign on the second Thursday evening.
fn shopping(night: f64, peak: f64) -> Load {
    let campaign = Surge {
        cores: peak / 8.0,
        every: 365 * DAY,
        from: 10 * DAY + 17 * HOUR,
        ramp: HOUR,
        length: 5 * HOUR,
    };
    Load {
        night,
        peak,
        rhythm: SHOPPING,
        weekend: 1.08,
        surges: vec![campaign],
        noise: 0.02,
    }
}
