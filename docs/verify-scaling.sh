#!/bin/sh
# For a pipeline: waits until changes of scaling have proved themselves, and ends as they did.
#
#   verify-scaling.sh NAMESPACE NAME...
#
#   0  all of them are verified
#   6  one did harm: revert the merge
#   7  not proved within TIMEOUT (2h)
#
# Other codes are those of `kubectl stepscale --help`. What is approved and not in force yet, by nobody's
# hand, is applied, which takes a license. INTERVAL is in seconds (60).
set -u

usage="usage: verify-scaling.sh NAMESPACE NAME..."
namespace=${1:?$usage}
shift
: "${1:?$usage}"
form=text
[ -z "${GITHUB_ACTIONS:-}" ] || form=github

kubectl stepscale watch --for=verified "$@" --namespace "$namespace" \
    --mode apply --interval "${INTERVAL:-60}" --timeout "${TIMEOUT:-2h}" -o "$form"
code=$?
case $code in
0) echo "verified: $*" ;;
6) echo "did harm: $*; revert the merge" >&2 ;;
7) echo "not proved within ${TIMEOUT:-2h}: $*; \`kubectl stepscale status -n $namespace\` tells why" >&2 ;;
esac
exit "$code"
