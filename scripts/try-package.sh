#!/usr/bin/env bash
# Packs the package, installs the tarball in an empty folder as a user would, and gives a trial run there.
# Needs the npm registry for the dependencies, so it is no part of `npm test`.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm pack --silent --pack-destination "$folder" > /dev/null
cp data/companies.csv "$folder"
cd "$folder"
npm init --yes > /dev/null
npm install --silent ./waterfall-contacts-*.tgz
export WATERFALL_CONTACTS_HOME="$folder/home"
npx --no-install waterfall-contacts --version
npx --no-install waterfall-contacts run companies.csv --title-filter "founder OR ceo" --sandbox
npx --no-install waterfall-contacts status --sandbox
test "$(wc -l < companies.contacts.csv)" -gt 1
