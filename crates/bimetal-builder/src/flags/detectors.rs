//! `dist.resource.detection.detectors`: resource detectors that stay in; every other known one is
//! left out by a build tag.
//!
//! In: the user's build tags, and the detectors to keep. Out: all build tags. Invariant: without a
//! list every detector stays in.

/// The detectors that the Collector and its libraries can leave out (OCB has this list since
/// v0.165.0).
pub const KNOWN: &[&str] = &[
    "akamai",
    "alibaba_ecs",
    "aws_ec2",
    "aws_ecs",
    "aws_eks",
    "aws_elastic_beanstalk",
    "aws_lambda",
    "azure",
    "azure_aks",
    "azure_appservice",
    "azure_containerapps",
    "azure_functions",
    "azure_vm",
    "consul",
    "digitalocean",
    "docker",
    "dynatrace",
    "env",
    "gcp",
    "heroku",
    "hetzner",
    "ibmcloud_classic",
    "ibmcloud_vpc",
    "k8s_api",
    "kubeadm",
    "openshift",
    "openstack_nova",
    "oraclecloud",
    "scaleway",
    "system",
    "tencent_cvm",
    "upcloud",
    "vultr",
];

/// The value of `-tags`: the user's, and one for each detector that is left out.
pub fn build_tags(tags: &str, detectors: &[String]) -> String {
    let mut all: Vec<String> = if tags.is_empty() {
        Vec::new()
    } else {
        vec![tags.to_owned()]
    };
    if !detectors.is_empty() {
        let left_out = KNOWN
            .iter()
            .filter(|known| !detectors.iter().any(|kept| kept == *known));
        all.extend(left_out.map(|name| format!("omit_detector_{name}")));
    }
    all.join(",")
}
