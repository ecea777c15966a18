//! How much of which record is kept: a policy as Kubernetes has it for its own audit log.

use serde::{Deserialize, Serialize};

use super::action::{Action, Origin};
use super::event::{ObjectRef, Stage, User, request_uri, user};

/// How much of a record is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// Nothing.
    None,
    /// Who, when, from where, what, why and with what result; no values.
    Metadata,
    /// Also which values change from what to what, and what is sent.
    Request,
    /// Also what the API server answers.
    RequestResponse,
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Metadata => "Metadata",
            Self::Request => "Request",
            Self::RequestResponse => "RequestResponse",
        }
    }
}

/// The first rule that matches decides; where none does, nothing is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Policy {
    pub rules: Vec<Rule>,
    pub omit_stages: Vec<Stage>,
    /// Whether `metadata.managedFields` are left out, unless a rule says otherwise.
    pub omit_managed_fields: bool,
}

/// What it says of actions that fit all of its lists. An empty list fits everything.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    pub level: Level,
    #[serde(default)]
    pub users: Vec<String>,
    /// One of them is enough.
    #[serde(default)]
    pub user_groups: Vec<String>,
    #[serde(default)]
    pub verbs: Vec<String>,
    #[serde(default)]
    pub resources: Vec<Resources>,
    /// The empty name stands for objects without a namespace.
    #[serde(default)]
    pub namespaces: Vec<String>,
    /// Paths of actions about no object, such as `/stepscale/license`; `*` at the end fits the rest.
    #[serde(default, rename = "nonResourceURLs")]
    pub non_resource_urls: Vec<String>,
    /// Beside those of the policy.
    #[serde(default)]
    pub omit_stages: Vec<Stage>,
    #[serde(default)]
    pub omit_managed_fields: Option<bool>,
}

/// Kinds of objects of one group of the API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Resources {
    /// Empty for the core group.
    pub group: String,
    /// In the plural; `*` and an empty list fit all. What names a subresource (`pods/log`) fits none.
    pub resources: Vec<String>,
    pub resource_names: Vec<String>,
}

/// How much is kept of one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) level: Level,
    omit_stages: Vec<Stage>,
    pub(super) omit_managed_fields: bool,
}

impl Kept {
    pub(super) fn omits(&self, stage: Stage) -> bool {
        self.omit_stages.contains(&stage)
    }
}

impl Policy {
    /// Everything at one level.
    pub fn of(level: Level) -> Self {
        Self {
            rules: vec![Rule::of(level)],
            ..Self::default()
        }
    }

    /// How much is kept of an action; `None` for nothing.
    pub(super) fn kept(&self, origin: &Origin, action: &Action) -> Option<Kept> {
        let user = user(origin);
        let rule = self.rules.iter().find(|it| it.fits(&user, action))?;
        let omit_stages = self.omit_stages.iter().chain(&rule.omit_stages);
        let omit_managed_fields = rule.omit_managed_fields;
        (rule.level != Level::None).then(|| Kept {
            level: rule.level,
            omit_stages: omit_stages.copied().collect(),
            omit_managed_fields: omit_managed_fields.unwrap_or(self.omit_managed_fields),
        })
    }
}

impl Rule {
    /// Everything at one level.
    pub fn of(level: Level) -> Self {
        Self {
            level,
            users: Vec::new(),
            user_groups: Vec::new(),
            verbs: Vec::new(),
            resources: Vec::new(),
            namespaces: Vec::new(),
            non_resource_urls: Vec::new(),
            omit_stages: Vec::new(),
            omit_managed_fields: None,
        }
    }

    fn fits(&self, user: &User, action: &Action) -> bool {
        is_any_or(&self.users, &user.username)
            && (self.user_groups.is_empty()
                || user.groups.iter().any(|it| self.user_groups.contains(it)))
            && is_any_or(&self.verbs, action.verb.as_str())
            && self.fits_objects(action)
    }

    /// A rule about objects fits where it fits the recommendation or the target.
    fn fits_objects(&self, action: &Action) -> bool {
        let objects = [&action.recommendation, &action.target];
        let mut objects = objects.into_iter().flatten();
        if !self.namespaces.is_empty() || !self.resources.is_empty() {
            return objects.any(|it| self.fits_object(it));
        }
        if !self.non_resource_urls.is_empty() {
            return objects.next().is_none() && self.fits_path(&request_uri(action));
        }
        true
    }

    fn fits_object(&self, object: &ObjectRef) -> bool {
        is_any_or(&self.namespaces, &object.namespace)
            && (self.resources.is_empty() || self.resources.iter().any(|it| it.fits(object)))
    }

    fn fits_path(&self, path: &str) -> bool {
        self.non_resource_urls
            .iter()
            .any(|it| match it.strip_suffix('*') {
                Some(start) => path.starts_with(start),
                None => path == it,
            })
    }
}

impl Resources {
    fn fits(&self, object: &ObjectRef) -> bool {
        let is_named = |it: &String| *it == "*" || *it == object.resource;
        self.group == object.api_group
            && (self.resources.is_empty() || self.resources.iter().any(is_named))
            && is_any_or(&self.resource_names, &object.name)
    }
}

fn is_any_or(list: &[String], value: &str) -> bool {
    list.is_empty() || list.iter().any(|it| it == value)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::*;
    use crate::audit::action::Verb;

    fn origin() -> Origin {
        Origin {
            user: Some(User {
                username: "ann".to_owned(),
                groups: vec!["sre".to_owned(), "dev".to_owned()],
            }),
            ..Origin::default()
        }
    }

    fn apply() -> Action {
        Action {
            recommendation: Some(ObjectRef::recommendation("shop", "web")),
            target: Some(ObjectRef {
                resource: "horizontalpodautoscalers".to_owned(),
                api_group: "autoscaling".to_owned(),
                namespace: "shop".to_owned(),
                name: "web".to_owned(),
                ..ObjectRef::default()
            }),
            ..Action::new("1", Timestamp::UNIX_EPOCH, Verb::Apply)
        }
    }

    fn level(rules: Value, action: &Action) -> Level {
        let policy: Policy = serde_json::from_value(json!({"rules": rules})).unwrap();
        let kept = policy.kept(&origin(), action);
        kept.map_or(Level::None, |it| it.level)
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let rules = json!([
            {"level": "None", "verbs": ["verify"]},
            {"level": "RequestResponse", "verbs": ["apply", "revert"]},
            {"level": "Metadata"},
        ]);
        assert_eq!(level(rules.clone(), &apply()), Level::RequestResponse);
        let verify = Action::new("1", Timestamp::UNIX_EPOCH, Verb::Verify);
        assert_eq!(level(rules.clone(), &verify), Level::None);
        let reject = Action::new("1", Timestamp::UNIX_EPOCH, Verb::Reject);
        assert_eq!(level(rules, &reject), Level::Metadata);
        assert_eq!(level(json!([]), &apply()), Level::None);
    }

    #[test]
    fn a_rule_fits_what_all_of_its_lists_fit() {
        let hpas = json!({"group": "autoscaling", "resources": ["horizontalpodautoscalers"]});
        let cases = [
            (json!({}), true),
            (json!({"users": ["bob", "ann"]}), true),
            (json!({"users": ["bob"]}), false),
            (json!({"userGroups": ["ops", "dev"]}), true),
            (json!({"userGroups": ["ops"]}), false),
            (json!({"users": ["ann"], "verbs": ["revert"]}), false),
            (json!({"namespaces": ["shop"]}), true),
            (json!({"namespaces": [""]}), false),
            (json!({"resources": [hpas]}), true),
            (json!({"resources": [{"group": "stepscale.io"}]}), true),
            (
                json!({"resources": [{"group": "autoscaling", "resources": ["*"]}]}),
                true,
            ),
            (
                json!({"resources": [{"resources": ["horizontalpodautoscalers"]}]}),
                false,
            ),
            (
                json!({"resources": [{"group": "autoscaling", "resourceNames": ["web"]}]}),
                true,
            ),
            (
                json!({"resources": [{"group": "autoscaling", "resourceNames": ["api"]}]}),
                false,
            ),
            (json!({"resources": [hpas], "namespaces": ["other"]}), false),
            (json!({"nonResourceURLs": ["*"]}), false),
        ];
        for (mut rule, fits) in cases {
            rule["level"] = json!("Request");
            let expected = if fits { Level::Request } else { Level::None };
            assert_eq!(level(json!([rule]), &apply()), expected, "{rule}");
        }
    }

    #[test]
    fn actions_about_no_object_go_by_their_path() {
        let license = Action::new("1", Timestamp::UNIX_EPOCH, Verb::License);
        let cases = [
            (json!(["/stepscale/license"]), true),
            (json!(["/healthz", "/stepscale/*"]), true),
            (json!(["/stepscale/lic"]), false),
        ];
        for (urls, fits) in cases {
            let rule = json!({"level": "Metadata", "nonResourceURLs": urls});
            let is_kept = level(json!([rule]), &license) == Level::Metadata;
            assert_eq!(is_kept, fits, "{rule}");
        }
        let namespaced = json!([{"level": "Metadata", "namespaces": [""]}]);
        assert_eq!(level(namespaced, &license), Level::None);
    }

    #[test]
    fn a_rule_adds_stages_and_overrules_managed_fields() {
        let policy = json!({
            "omitStages": ["RequestReceived"],
            "omitManagedFields": true,
            "rules": [{"level": "Request", "omitStages": ["Panic"], "omitManagedFields": false}],
        });
        let policy: Policy = serde_json::from_value(policy).unwrap();
        let kept = policy.kept(&origin(), &apply()).unwrap();
        assert!(kept.omits(Stage::RequestReceived) && kept.omits(Stage::Panic));
        assert!(!kept.omits(Stage::ResponseComplete));
        assert!(!kept.omit_managed_fields);
    }

    #[test]
    fn what_is_misspelled_is_an_error() {
        let cases = [
            json!({"rules": [{"level": "Everything"}]}),
            json!({"rules": [{"verbs": ["apply"]}]}),
            json!({"rules": [{"level": "Request", "verb": ["apply"]}]}),
            json!({"omitStages": "RequestReceived"}),
            json!({"omitStages": ["Received"]}),
        ];
        for policy in cases {
            let parsed = serde_json::from_value::<Policy>(policy.clone());
            assert!(parsed.is_err(), "{policy}");
        }
    }
}
