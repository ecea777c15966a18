#!/usr/bin/env bash
# Makes the pictures in docs/img anew, of the example fleet: `analyze` and `explain` in terminals of 80
# and of 160 columns, the HTML report in light and in dark. The same program and the same Chromium
# give the same pictures, but for the seconds that a command took.
#
#   scripts/pictures.sh [PROGRAM]
#
# PROGRAM is by default that of `cargo build --release`, else that of `cargo build`.
#
# Needed (Debian): aha chromium chromium-driver curl fontconfig fonts-dejavu-core jq pngquant python3 tmux
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly SNAPSHOT=examples/shop.jsonl.gz
readonly IMAGES=docs/img

fail() {
  echo "error: $1" >&2
  exit 1
}

program=${1:-}
for candidate in target/release/kubectl-stepscale target/debug/kubectl-stepscale; do
  [[ -n $program || ! -x $candidate ]] || program=$candidate
done
[[ -x $program ]] || fail "no program: build it, or name one: scripts/pictures.sh PROGRAM"
program=$(realpath "$program")
for it in aha chromium chromedriver curl fc-list jq pngquant python3 tmux; do
  command -v "$it" >/dev/null || fail "$it is missing; the head of this script names Debian's packages"
done
fc-list | grep -q DejaVuSansMono.ttf || fail "DejaVu Sans Mono is missing (Debian: fonts-dejavu-core)"

work=$(mktemp -d)
terminals=(tmux -S "$work/tmux" -f /dev/null)
driver=
browser=
clean_up() {
  # Chromium ends with its session; a driver that is killed would leave it behind.
  [[ -z $browser ]] || curl -s -o "$work/ended" -X DELETE "$browser" || true
  [[ -z $driver ]] || kill "$driver" 2>/dev/null || true
  "${terminals[@]}" kill-server 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Whoever runs this has settings and caches, which are not to be seen in a picture.
mkdir -p "$work/home" "$work/bin" "$IMAGES"
ln -s "$program" "$work/bin/kubectl-stepscale"
clean=(env -i "HOME=$work/home" "PATH=$work/bin:$PATH" LC_ALL=C.UTF-8)

# What a command leaves on a terminal of so many columns: lines with colors. It is a real terminal, so
# that progress, which passes, is gone.
terminal() {
  local columns=$1 words=$2 last='/^[[:space:]]*$/ { $d; N; b again; }'
  cat >"$work/run" <<RUN
cd $(printf %q "$PWD")
printf '\\033[1;32m\$\\033[0m kubectl stepscale %s\\n' $(printf %q "$words")
kubectl-stepscale $words
tmux -S $work/tmux wait-for -S done
sleep 60
RUN
  "${clean[@]}" TERM=xterm-256color "${terminals[@]}" \
    new-session -d -s it -x "$columns" -y 250 "bash $work/run" \; set-option -g status off
  timeout 60 "${terminals[@]}" wait-for 'done' || fail "took too long: $words"
  "${terminals[@]}" capture-pane -p -e -t it | sed -e ': again' -e "$last"
  "${terminals[@]}" kill-session -t it
}

# A page that looks like a terminal with these lines. DejaVu Sans Mono has no Braille; what its
# proportional sister has is made as wide as everything else.
terminal_page() {
  cat <<'HEAD'
<!DOCTYPE html><meta charset="utf-8"><style>
@font-face { font-family: dots; src: local("DejaVu Sans"); unicode-range: U+2800-28FF; size-adjust: 82.2%; }
body { margin: 0; background: #11161f; color: #d7dee9; }
#whole { display: inline-block; padding: 18px; }
pre { margin: 0; font: 14px/19px dots, "DejaVu Sans Mono", monospace; }
.bold { font-weight: bold } .underline { text-decoration: underline } .dimgray { color: #8a96a8 }
.red { color: #ff7b7b } .green { color: #57d38c } .yellow { color: #eebb5c } .blue { color: #7aa7ff }
.purple { color: #c79bff } .cyan { color: #5ccfe6 } .white { color: #ffffff }
</style><div id="whole"><pre>
HEAD
  aha --no-header --stylesheet
  echo '</pre></div>'
}

# Asks the browser for something, by WebDriver; what it answers.
ask() {
  local answer
  answer=$(curl -sS --max-time 120 "$browser/$1" -H 'Content-Type: application/json' -d "$2")
  jq -e '.value | type != "object" or (has("error") | not)' <<<"$answer" >"$work/fine" \
    || fail "chromium: $(jq -r .value.message <<<"$answer")"
  jq -r .value <<<"$answer"
}

# Asks Chromium itself, by the protocol of its developer tools.
tell_chromium() { ask goog/cdp/execute "{\"cmd\": \"$1\", \"params\": $2}"; }

run() { ask execute/sync "$(jq -n --arg script "$1" '{script: $script, args: []}')"; }

start_browser() {
  local port options
  port=$(python3 -c 'import socket; it = socket.socket(); it.bind(("127.0.0.1", 0)); print(it.getsockname()[1])')
  HOME="$work/home" chromedriver --port="$port" >"$work/driver.log" 2>&1 &
  driver=$!
  curl -s -o "$work/status" --retry 50 --retry-delay 1 --retry-connrefused "http://127.0.0.1:$port/status"
  options=$(jq -n --arg profile "--user-data-dir=$work/profile" '["--headless=new", "--no-sandbox",
    "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", $profile]')
  browser=http://127.0.0.1:$port
  browser=$browser/session/$(ask session "{\"capabilities\": {\"alwaysMatch\": {
    \"browserName\": \"chrome\", \"goog:chromeOptions\": {\"args\": $options}}}}" | jq -r .sessionId)
}

# A window of so many points, drawn finer.
window() {
  tell_chromium Emulation.setDeviceMetricsOverride \
    "{\"width\": $1, \"height\": $2, \"deviceScaleFactor\": $3, \"mobile\": false}" >"$work/answer"
}

scheme() {
  tell_chromium Emulation.setEmulatedMedia \
    "{\"features\": [{\"name\": \"prefers-color-scheme\", \"value\": \"$1\"}]}" >"$work/answer"
}

open_page() { ask url "{\"url\": \"file://$1\"}" >"$work/answer"; }

# A picture of what is in the window, with few colors.
photograph() {
  # What moves has come to rest, and what is drawn when it comes into sight has been.
  sleep 1
  curl -sS "$browser/screenshot" | jq -r .value | base64 -d >"$work/$1.png"
  pngquant --force --strip --speed 1 --output "$IMAGES/$1.png" 64 "$work/$1.png"
  echo "$IMAGES/$1.png: $(stat -c %s "$IMAGES/$1.png") bytes"
}

photograph_terminal() {
  local name=$1 columns=$2 words=$3 size
  terminal "$columns" "$words" | terminal_page >"$work/$name.html"
  window 2000 1000 1
  open_page "$work/$name.html"
  size=$(run 'const it = document.getElementById("whole").getBoundingClientRect();
    return `${Math.ceil(it.width)} ${Math.ceil(it.height)}`')
  # shellcheck disable=SC2086 # two words: width and height
  window $size 2
  photograph "$name"
}

# The report at a place within it, in a window that is so high.
photograph_report() {
  local name=$1 place=$2 height=$3
  window 1280 "$height" 1.5
  open_page "$work/report.html"
  [[ -z $place ]] || run "location.hash = '$place'" >"$work/answer"
  photograph "$name"
}

start_browser
for columns in 80 160; do
  photograph_terminal "analyze-$columns" "$columns" "analyze --from $SNAPSHOT"
  photograph_terminal "explain-$columns" "$columns" "explain hpa/catalog --from $SNAPSHOT"
done

"${clean[@]}" kubectl-stepscale analyze --from "$SNAPSHOT" -o html >"$work/report.html" 2>"$work/log" \
  || fail "$(cat "$work/log")"
scheme light
photograph_report report '' 1440
photograph_report report-autoscaler '#hpa/shop/catalog' 1250
scheme dark
photograph_report report-dark '#so/shop/quotes' 1000
