#!/usr/bin/env bash
# Prepares a Debian machine for `npm run isa` and `--host node` without a GPU: Mesa's Vulkan drivers (RADV, llvmpipe)
# and its no-op DRM shim, version 25 or later. Where the release has older ones only (bookworm), they come from its
# backports, at the address that this machine's own apt sources name. Run as root.
set -euo pipefail
readonly packages=(mesa-vulkan-drivers mesa-drm-shim)
readonly needed=25
export DEBIAN_FRONTEND=noninteractive

fail() {
  echo "isa-setup: $*" >&2
  exit 1
}
is_new() { [ "${1%%.*}" -ge "$needed" ] 2>/dev/null; }
installed() { dpkg-query --show --showformat='${Version}' "$1" 2>/dev/null || true; }
candidate() { apt-cache policy "$1" | sed -n 's/^ *Candidate: *//p'; }

missing=()
for package in "${packages[@]}"; do
  is_new "$(installed "$package")" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "isa-setup: ${packages[*]} are here, nothing to do"
  exit
fi
command -v apt-get >/dev/null || fail "no apt-get here: install Mesa $needed or later with its DRM shim by other means"
[ "$(id -u)" -eq 0 ] || fail "run it as root: sudo bash scripts/isa-setup.sh"

apt-get update
release=()
if ! is_new "$(candidate "${missing[0]}")"; then
  suite=$(. /etc/os-release && echo "${VERSION_CODENAME:?}")
  backports=$suite-backports
  uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Release: $suite" 'Component: main' | head -n 1)
  [ -n "$uri" ] || fail "apt has no source of $suite to derive its backports from"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $backports main" \
    >"/etc/apt/sources.list.d/$backports.list"
  apt-get update
  is_new "$(candidate "${missing[0]}")" || release=(-t "$backports")
fi
apt-get install -y --no-install-recommends "${release[@]}" "${packages[@]}"
for package in "${packages[@]}"; do
  is_new "$(installed "$package")" || fail "$package is $(installed "$package"), but $needed or later is needed"
done
