#!/usr/bin/env bash
# Makes the files of a release from programs that are built already: archives, checksums, a list of what
# was built in (SBOM), signatures, and the manifest for krew. The same programs give the same files, byte
# for byte. docs/releasing.md tells how it is used.
#
#   scripts/release.sh --version v1.2.3 --home URL --binaries DIR --out DIR --program FILE [--key FILE]
#
# DIR of the programs has a folder for each platform: linux_amd64/kubectl-stepscale,
# windows_amd64/kubectl-stepscale.exe. FILE is one of them that runs here; it writes the man pages
# and signs. Without --key nothing is signed. URL is that of the repository, whose releases have the
# files.
#
# SOURCE_DATE_EPOCH is the time that everything is dated to, by default that of the last commit.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

readonly NAME=kubectl-stepscale
readonly PLATFORMS=(linux_amd64 linux_arm64 darwin_amd64 darwin_arm64 windows_amd64 windows_arm64)

fail() {
  echo "error: $1" >&2
  exit 2
}

version='' binaries='' out='' program='' key='' home=''
while (($#)); do
  (($# > 1)) || fail "$1 has no value"
  case $1 in
    --version) version=$2 ;;
    --binaries) binaries=$2 ;;
    --out) out=$2 ;;
    --program) program=$2 ;;
    --key) key=$2 ;;
    --home) home=${2%/} ;;
    *) fail "$1 is not known; the head of this script says what is" ;;
  esac
  shift 2
done
[[ $version =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || fail "--version is not one: '$version'"
[[ $home == https://* ]] || fail "--home is no address: '$home'"
[[ -d $binaries ]] || fail "--binaries is no folder: '$binaries'"
[[ -x $program ]] || fail "--program is no program: '$program'"
[[ -n $out ]] || fail "--out is missing"
[[ -z $key || -f $key ]] || fail "--key is no file: '$key'"
built=$("$program" --version | head -n 1)
[[ "$built " == *" ${version#v} "* ]] || fail "the program says '$built', which is not $version"

epoch=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}
export SOURCE_DATE_EPOCH=$epoch TZ=UTC LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
[[ -z $(ls -A "$out") ]] || fail "$out has something in it"
out=$(cd "$out" && pwd)

# The archive of a platform, below $out, by its name.
archive_of() {
  case $1 in
    windows_*) echo "${NAME}_${version}_$1.zip" ;;
    *) echo "${NAME}_${version}_$1.tar.gz" ;;
  esac
}

# Everything but the program, which every archive has.
"$program" man --out-dir "$work/common/man/man1" >/dev/null
cp "$root/LICENSE" "$root/README.md" "$root/CHANGELOG.md" "$work/common"
cp -R "$root/completions" "$work/common/completions"

for platform in "${PLATFORMS[@]}"; do
  file=$NAME
  [[ $platform == windows_* ]] && file=$NAME.exe
  [[ -f $binaries/$platform/$file ]] || fail "$binaries/$platform/$file is missing"
  tree=$work/$platform
  cp -R "$work/common" "$tree"
  cp "$binaries/$platform/$file" "$tree/$file"
  chmod -R u=rwX,go=rX "$tree"
  chmod 0755 "$tree/$file"
  python3 "$root/scripts/archive.py" "$tree" "$out/$(archive_of "$platform")"
done

python3 "$root/scripts/sbom.py" "$version" >"$out/${NAME}_${version}.cdx.json"

# Version, home and checksums, where the manifest has those of another release.
manifest=$out/stepscale.yaml
while IFS= read -r line; do
  case $line in
    '#'*) continue ;;
    *' version: '*) line="  version: $version" ;;
    *' homepage: '*) line="  homepage: $home" ;;
    *' os: '*) os=${line##* } ;;
    *' arch: '*) archive=$(archive_of "${os}_${line##* }") ;;
    *' uri: '*) line="${line%%uri:*}uri: $home/releases/download/$version/$archive" ;;
    *' sha256: '*)
      sum=$(sha256sum "$out/$archive")
      line="${line%%sha256:*}sha256: \"${sum%% *}\""
      ;;
  esac
  printf '%s\n' "$line"
done <"$root/krew-manifest.yaml" >"$manifest"

(cd "$out" && sha256sum -- * >"$work/checksums" && mv "$work/checksums" checksums.txt)
if [[ -n $key ]]; then
  for file in "$out"/*; do
    "$program" license sign-artifact "$file" --private-key "$key" >/dev/null
  done
fi
ls -l "$out"
