//! The script of the jobs, in POSIX shell.

/// What the jobs run: with sh and kubectl alone.
pub const SCRIPT: &str = r##"# Keeps minReplicas of an HPA at the highest floor of the windows that are open, and puts back what was there before
# once the last of them has closed. It needs kubectl, and may get and patch this one HPA.
#
#   floor.sh NAMESPACE HPA raise WINDOW FLOOR MINUTES    a window opens, for so many minutes
#   floor.sh NAMESPACE HPA restore WINDOW                it closes
#
# It only raises: never below the minimum that is there, never above the maximum. What somebody else has set since
# stays. What runs before have done is an annotation of the HPA, so that windows may overlap and jobs may be missed:
#
#   stepscale.io/cron-floor: before=2 wrote=6 open=1:6:1764000000
#
# is the minimum from before, the one that was written, and of each open window its number, its floor and its end in
# seconds since 1970.
set -eu

namespace=$1 hpa=$2 deed=$3 window=$4 floor=${5:-0} minutes=${6:-0}
resource=horizontalpodautoscalers.v2.autoscaling
now=$(date +%s)

say() {
  echo "hpa/$hpa in namespace $namespace: $*"
}

# The HPA as it is: version, minimum, maximum, our annotation, and those of `kubectl stepscale watch`, which holds a
# floor of its own, and of a pause.
look() {
  seen=$(kubectl get "$resource" "$hpa" -n "$namespace" --ignore-not-found -o 'jsonpath={.metadata.resourceVersion}|{.spec.minReplicas}|{.spec.maxReplicas}|{.metadata.annotations.stepscale\.io/cron-floor}|{.metadata.annotations.stepscale\.io/floor}|{.metadata.annotations.stepscale\.io/paused}') || return 1
  version=${seen%%|*}
  seen=${seen#*|}
  min=${seen%%|*}
  seen=${seen#*|}
  max=${seen%%|*}
  seen=${seen#*|}
  note=${seen%%|*}
  seen=${seen#*|}
  watched=${seen%%|*}
  paused=${seen#*|}
  min=${min:-1}
}

# What the annotation says: before, wrote, open.
recall() {
  before=$min wrote=$min open=
  case $note in
    '') return ;;
    before=[0-9]*' wrote='[0-9]*' open='[0-9]*) ;;
    *) unreadable ;;
  esac
  before=${note#before=}
  before=${before%% *}
  wrote=${note#* wrote=}
  wrote=${wrote%% *}
  open=${note#* open=}
  case "$before$wrote" in *[!0-9]*) unreadable ;; esac
  case $open in *[!0-9:' ']*) unreadable ;; esac
}

unreadable() {
  say "annotation stepscale.io/cron-floor cannot be read, set minReplicas and remove it: $note" >&2
  exit 1
}

# Which windows are open from now on, and the minimum that they want.
decide() {
  left='' highest=0
  for each in $open; do
    number=${each%%:*}
    end=${each##*:}
    least=${each#*:}
    least=${least%:*}
    # Also one whose end was missed.
    if [ "$number" = "$window" ] || [ "$end" -lt "$now" ]; then
      continue
    fi
    left="$left $each"
    [ "$least" -le "$highest" ] || highest=$least
  done
  if [ "$deed" = raise ]; then
    left="$left $window:$floor:$((now + minutes * 60))"
    [ "$floor" -le "$highest" ] || highest=$floor
  fi
  left=${left# }
  # Somebody has set another minimum: it is the one to go back to, and an end changes nothing of it.
  if [ "$min" != "$wrote" ]; then
    before=$min
    [ "$deed" = raise ] || highest=0
  fi
  want=$before
  [ "$want" -ge "$highest" ] || want=$highest
  [ "$want" -le "$max" ] || want=$max
}

# Refused by the server where the HPA has changed since it was looked at.
write() {
  kept=null
  [ -z "$left" ] || kept="\"before=$before wrote=$want open=$left\""
  kubectl patch "$resource" "$hpa" -n "$namespace" --type=merge --field-manager=stepscale-floor -p "{\"metadata\":{\"resourceVersion\":\"$version\",\"annotations\":{\"stepscale.io/cron-floor\":$kept}},\"spec\":{\"minReplicas\":$want}}" >/dev/null
}

attempt() {
  look || return 1
  if [ -z "$version" ]; then
    say 'it is gone, nothing to do'
    exit 0
  fi
  if [ -n "$paused" ]; then
    say 'it is paused and left alone'
    exit 0
  fi
  if [ -n "$watched" ]; then
    say 'a watch holds its floor, it is left alone'
    exit 0
  fi
  recall
  decide
  if [ -z "$note$left" ]; then
    say "no window is open, minReplicas stays $min"
    exit 0
  fi
  write || return 1
  say "minReplicas $min -> $want, open: ${left:-none}"
}

# The controller writes its status every 15 s, so that a write may come too late and is made anew.
for pause in 1 2 4 8; do
  attempt && exit 0
  sleep "$pause"
done
attempt
"##;
