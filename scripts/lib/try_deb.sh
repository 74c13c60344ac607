#!/usr/bin/env bash
# Installs, upgrades, removes and purges a .deb on a copy of this machine that is gone afterwards: try_deb.sh FILE
# The copy is an overlay, so it needs root and the kernel's overlayfs; without them it ends with 77.
set -euo pipefail

deb=$(readlink -f "$1")
if [[ -z ${IN_OVERLAY:-} ]]; then
    exec env IN_OVERLAY=1 unshare --mount --pid --fork "${BASH_SOURCE[0]}" "$deb"
fi

work=$(mktemp -d)
mount -t tmpfs tmpfs "$work" || exit 77
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$work/root" || exit 77
mount -t proc proc "$work/root/proc"
# Without /run/systemd the scripts of the package leave this machine's services alone.
mount -t tmpfs tmpfs "$work/root/run"
cp "$deb" "$work/root/package.deb"

# The next version, for the upgrade.
dpkg-deb -R "$deb" "$work/next"
sed -i 's/^Version: .*/&+next/' "$work/next/DEBIAN/control"
dpkg-deb --root-owner-group -Znone --build "$work/next" "$work/root/next.deb" >/dev/null

chroot "$work/root" /bin/bash -euxo pipefail <<'INSIDE'
dpkg --install --force-depends /package.deb
sg-revert --version
dpkg --verify sg-revert
man --where sg-revert >/dev/null 2>&1 || test -e /usr/share/man/man1/sg-revert.1.gz
# Settings are the user's, and who may read them.
test "$(stat -c %a /etc/sg-revert/environment)" = 640
echo AWS_REGION=eu-west-1 >>/etc/sg-revert/environment
mkdir -p /var/lib/private/sg-revert && echo evidence >/var/lib/private/sg-revert/ledger.db
dpkg --install --force-depends --force-confdef --force-confold /next.deb
grep -q AWS_REGION=eu-west-1 /etc/sg-revert/environment
dpkg --remove sg-revert
test ! -e /usr/bin/sg-revert
test -e /etc/sg-revert/environment
dpkg --purge sg-revert
test ! -e /etc/sg-revert
# The ledger is evidence: it stays.
test -e /var/lib/private/sg-revert/ledger.db
test -z "$(find /usr /etc -name '*sg-revert*' -not -path '/usr/share/doc-base/*' -newer /package.deb)"
INSIDE
