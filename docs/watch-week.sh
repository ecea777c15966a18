#!/bin/sh
# A week of `watch` in ten minutes: two instances on the cluster in memory, whose time passes a
# thousand times as fast, and each day the one that leads is killed without warning.
#
#   docs/watch-week.sh [FOLDER] [DAYS]
#
# Needs kubectl, curl, and kubectl-stepscale in the PATH. What was seen is in FOLDER (./watch-week):
# a.log and b.log of the instances, told.txt what they told, metrics-before.txt, metrics-after.txt,
# lease.txt and recommendations.txt. Ends with 1 where an instance does not end as it is to.
set -eu

if [ "${1-}" != --inside ]; then
    mkdir -p "${1-watch-week}"
    folder=$(cd "${1-watch-week}" && pwd)
    exec kubectl-stepscale demo --speed 1000 --exec "'$0' --inside '$folder' '${2-7}'"
fi
folder=$2 days=$3 pid_a='' pid_b=''
lease=stepscale-autoscaler-leader

# Each has a state of its own, as pods have; `exec`, so that the id is the instance's.
start() {
    (
        XDG_STATE_HOME=$folder/state-$1
        export XDG_STATE_HOME
        exec kubectl-stepscale watch -A --mode apply --interval 10 --lease-namespace ops \
            --listen "127.0.0.1:$2" >>"$folder/told.txt" 2>>"$folder/$1.log"
    ) &
    eval "pid_$1=$!"
}

metrics() {
    curl -fsS "http://127.0.0.1:$1/metrics"
}

leads() {
    metrics "$1" 2>/dev/null | grep -q '^stepscale_leader 1'
}

port_of() {
    case $1 in
    a) echo 18081 ;;
    b) echo 18082 ;;
    esac
}

# What the first tick found is kept then.
has_ticked() {
    metrics "$1" | grep -q '^stepscale_ticks_total [1-9]'
}

# The letter of the one that leads, once there is one.
leader() {
    tries=0
    until leads 18081 && echo a || { leads 18082 && echo b; }; do
        tries=$((tries + 1))
        [ "$tries" -lt 120 ] || { echo "nobody leads" >&2; return 1; }
        sleep 0.5
    done
}

# Seconds since 1970 by the cluster's clock.
now() {
    date -u -d "$(kubectl get --raw /twin/clock | sed 's/.*"now":"\([^"]*\)".*/\1/')" +%s
}

holder() {
    kubectl get lease "$lease" -n ops \
        -o 'jsonpath={.spec.holderIdentity} {.spec.leaseTransitions}'
}

rm -rf "$folder"/*.log "$folder"/*.txt "$folder"/state-*
kubectl create namespace ops
start a "$(port_of a)"
start b "$(port_of b)"
trap 'kill "$pid_a" "$pid_b" 2>/dev/null || true' EXIT
first=$(leader)
port=$(port_of "$first")
until curl -fs "http://127.0.0.1:$port/readyz" >/dev/null && has_ticked "$port"; do sleep 0.5; done
metrics "$port" >"$folder/metrics-before.txt"
begun=$(now)
row='%-4s %-10s %-6s %-41s %s\n'
# shellcheck disable=SC2059,SC2046 # the row is ours, and the holder is two words
{
    printf "$row" day what leads holder transitions
    printf "$row" 0 start "$first" $(holder)
} >"$folder/lease.txt"
# What people do: say yes to what is proposed.
for it in $(kubectl get scalerec -A -o 'jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name}{"\n"}{end}'); do
    kubectl stepscale approve "${it#*/}" -n "${it%/*}" || true
done

day=1
while [ "$day" -le "$days" ]; do
    while [ $(($(now) - begun)) -lt $((day * 86400)) ]; do sleep 1; done
    led=$(leader)
    eval "kill -KILL \$pid_$led"
    eval "wait \$pid_$led" || true
    was=$(holder)
    start "$led" "$(port_of "$led")"
    until [ "$(holder)" != "$was" ] && follower=$(leader); do sleep 0.5; done
    # shellcheck disable=SC2059,SC2046
    printf "$row" "$day" "killed $led" "$follower" $(holder) >>"$folder/lease.txt"
    day=$((day + 1))
done

metrics "$(port_of "$(leader)")" >"$folder/metrics-after.txt"
kubectl get scalerec -A >"$folder/recommendations.txt"
failed=0
for it in a b; do
    eval "kill -TERM \$pid_$it; wait \$pid_$it" || { echo "$it ended with $?" >&2; failed=1; }
done
trap - EXIT
cat "$folder/lease.txt" "$folder/recommendations.txt"
exit "$failed"
