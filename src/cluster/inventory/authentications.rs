//! KEDA's authentications, as far as they matter to a fleet: which there are, and whether KEDA itself
//! says that something uses them. What they hold is not read.

use super::{Intake, Kept, Reader};
use crate::cluster::assemble::Listed;
use crate::cluster::call::{Listing, Resource};
use crate::cluster::objects::Authentication;
use crate::cluster::{Error, Namespaces, Scope};

const OF_NAMESPACES: Resource<'_> = Resource {
    group: "keda.sh",
    version: "v1alpha1",
    plural: "triggerauthentications",
};
const OF_CLUSTER: Resource<'_> = Resource {
    group: "keda.sh",
    version: "v1alpha1",
    plural: "clustertriggerauthentications",
};

impl Kept for Authentication {}

impl Reader<'_> {
    /// Those that the autoscalers in scope may use, if any of these is KEDA's. What follows a cluster
    /// does not ask for them: its role is for what it acts on.
    pub(super) async fn read_authentications(
        &self,
        scope: &Scope,
        intake: &mut Intake<'_>,
    ) -> Result<(), Error> {
        if self.is_memory() || !intake.assembler.has_triggers() {
            return Ok(());
        }
        let namespaces: Vec<Option<&str>> = match &scope.namespaces {
            Namespaces::Current => vec![Some(&self.cluster.namespace)],
            Namespaces::One(namespace) => vec![Some(namespace)],
            Namespaces::Several(namespaces) => namespaces.iter().map(|it| Some(&**it)).collect(),
            Namespaces::All => vec![None],
        };
        let everywhere = namespaces == [None];
        let mut listed = Listed {
            // Elsewhere, or without the labels, there may be more that uses them.
            is_whole: scope.names.is_empty()
                && scope.selector.is_none()
                && !intake.assembler.lacks(),
            everywhere,
            ..Listed::default()
        };
        for namespace in namespaces {
            let listing = Listing::of(OF_NAMESPACES, namespace);
            if self.take_authentications(listing, true, intake).await? {
                listed.of_namespaces.extend(namespace.map(str::to_owned));
            } else {
                listed.everywhere = false;
            }
        }
        // A role of a namespace cannot have this right, so that only others are told of it.
        let listing = Listing::of(OF_CLUSTER, None);
        let is_read = self.take_authentications(listing, everywhere, intake);
        listed.of_cluster = is_read.await?;
        intake.assembler.listed(listed);
        Ok(())
    }

    /// Whether all were read. What was refused becomes a row of the fleet, if it is to be `told`; a kind
    /// that the cluster does not have is not.
    async fn take_authentications(
        &self,
        listing: Listing<'_>,
        told: bool,
        intake: &mut Intake<'_>,
    ) -> Result<bool, Error> {
        let resource = listing.resource;
        let mut found: Vec<Authentication> = vec![];
        let refused = match self.list(&listing, |it| found.push(it)).await {
            Err(error) if error.code() == Some(404) => return Ok(false),
            refused => refused?,
        };
        let kind = match resource.plural == OF_CLUSTER.plural {
            true => "ClusterTriggerAuthentication",
            false => "TriggerAuthentication",
        };
        for mut it in found {
            it.api_version = resource.api_version();
            it.kind = kind.to_owned();
            intake.show(&it);
            intake.assembler.add_authentication(&it);
        }
        let is_read = refused.is_empty();
        for refusal in refused.into_iter().filter(|_| told) {
            intake.assembler.unread(refusal.into_unread(resource));
        }
        Ok(is_read)
    }
}
