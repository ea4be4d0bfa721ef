#!/bin/bash
# Made the files in `first/`, once, with the `holdfastctl` that wrote the first formats. Kept to show
# what is in them; running it again would make others, with other ids and keys.
#
#   make-first.sh HOLDFASTCTL PURGE OUT
#
# HOLDFASTCTL writes the first formats. PURGE HOME ID BUNDLE deletes an item for good on the device in
# HOME and writes its bundle (the first command line could not; its library could:
# `App::purge_items`, `App::export_bundle`).
set -euo pipefail
ctl=$(realpath "$1"); purge=$(realpath "$2"); out=$(realpath -m "$3")
work=$(mktemp -d); cd "$work"
export HOME="$work" TZ=UTC LC_ALL=C.UTF-8 HOLDFAST_KEY_STORE=file
unset HOLDFAST_HOME HOLDFAST_PASSPHRASE
echo 0 > minute
# Every command is a minute later than the one before it.
on() { local device=$1; shift; local minute=$(($(cat "$work/minute") + 1)); echo $minute > "$work/minute"
  HOLDFAST_TEST_CLOCK=$(date -u -d "2026-03-01T09:00:00Z + $minute minutes" +%FT%TZ) \
    "$ctl" --home "$work/$device" "$@"; }
carry() { rm -f c.holdfast; on "$1" bundle export c.holdfast --all >/dev/null; on "$2" bundle import c.holdfast >/dev/null; }
exchange() { carry "$1" "$2"; carry "$2" "$1"; }

printf 'correct horse battery staple\n' > passphrase
on laptop init --name Laptop
on laptop bundle export i1.holdfast --invite --passphrase-file passphrase >/dev/null
on phone join i1.holdfast --name Phone --passphrase-file passphrase >/dev/null
carry phone laptop
on laptop bundle export i2.holdfast --invite --passphrase-file passphrase >/dev/null
on tablet join i2.holdfast --name Tablet --passphrase-file passphrase >/dev/null
carry tablet laptop; carry laptop phone
on laptop device rename Laptop "Ada's laptop" >/dev/null

# Lists of every space, one within another.
work_list=$(on laptop list add "Workshop")
on laptop list add "Timber" --parent "$work_list" >/dev/null
on laptop list add "Near" --space nearby >/dev/null
on laptop list add "Approved only" --space ask >/dev/null
on laptop list add "This laptop" --space device >/dev/null
gone_list=$(on laptop list add "Old plans")

# A task with every field; one of each status; a repeating one that was done once; one within another.
oak=$(on laptop add "Buy oak tomorrow 9am #Workshop @shop @wood p1 !fri *every 2 weeks //Ask for quarter-sawn boards.")
ash=$(on laptop add "Call about ash 2026-03-20 #Timber @wood p3")
done_task=$(on laptop add "Sharpen chisels p2"); on laptop task done "$done_task" >/dev/null
cancelled=$(on laptop add "Rent a saw"); on laptop task set "$cancelled" status=cancelled >/dev/null
weekly=$(on laptop add "Sweep the floor 2026-03-02 *every week #Workshop"); on laptop task done "$weekly" >/dev/null
part=$(on laptop add "Measure the door" --parent "$oak")
on laptop add "Only at home" --list Near >/dev/null
on laptop add "Only when approved" --list "Approved only" >/dev/null
on laptop add "Never leaves" --list "This laptop" >/dev/null
on laptop add "In an old plan" --list "Old plans" >/dev/null
on laptop task set "$oak" tags=-shop notes="Ask for quarter-sawn boards. Two of them." >/dev/null
one=$(on laptop add "First of two"); two=$(on laptop add "Second of two")

# Notes: typed into, replaced, with pictures and links.
printf '# Joints\n\nA mortise holds a tenon.\n\nGlue it with care.\n\nLet it dry overnight.\n' > n1.md
note=$(on laptop note add --title Joints --list Workshop n1.md)
on laptop note splice "$note" 10 0 'Ein Zapfen hält. 🪵 ' >/dev/null
printf '# Joints\n\nEin Zapfen hält. 🪵 A mortise holds a tenon, and a dovetail a drawer.\n\nGlue it with care.\n\nLet it dry overnight.\n' > n2.md
on laptop note edit "$note" n2.md >/dev/null
mkdir -p md/Sub
base64 -d > md/dot.png <<< 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
printf '# Imported\n\n![dot](dot.png) and [the other](Sub/other.md).\n' > md/imported.md
printf '# Other\n\nBack to [imported](../imported.md).\n' > md/Sub/other.md
on laptop import markdown md >/dev/null
on laptop policy repeat newest >/dev/null

# The trash: one item stays in it, one leaves it for good, a list goes with what is in it.
trashed=$(on laptop add "In the trash"); purged=$(on laptop add "Gone for good")
on laptop task delete "$trashed" "$purged" >/dev/null
on laptop list delete "$gone_list" >/dev/null
exchange laptop phone; exchange laptop tablet
HOLDFAST_TEST_CLOCK=2026-03-01T09:50:00Z "$purge" "$work/tablet" "$purged" "$work/purged.holdfast"
on laptop bundle import purged.holdfast >/dev/null; exchange laptop phone

# Undone, done again.
on laptop task set "$ash" priority=1 >/dev/null; on laptop undo >/dev/null
on laptop task set "$ash" deadline=2026-04-01 >/dev/null; on laptop undo >/dev/null; on laptop redo >/dev/null

# Edits made apart: a title twice (open), another (decided), a passage twice, two passages (merged),
# deleted while edited, a circle of parts.
disputed=$(on laptop add "Paint the door"); decided=$(on laptop add "Oil the bench")
edited=$(on laptop add "Edited while deleted"); exchange laptop phone
on laptop task set "$disputed" title="Paint the door green" >/dev/null
on phone task set "$disputed" title="Paint the door blue" when=2026-03-09 >/dev/null
on laptop task set "$decided" title="Oil the bench twice" >/dev/null
on phone task set "$decided" title="Wax the bench" >/dev/null
printf '# Joints\n\nEin Zapfen hält. 🪵 A mortise holds a tenon, and a dovetail a drawer.\n\nGlue it with hide glue.\n\nLet it dry overnight.\n' > n3.md
printf '# Joints\n\nEin Zapfen hält. 🪵 A mortise holds a tenon, and a dovetail a drawer.\n\nGlue it with much care.\n\nLet it dry for two nights.\n' > n4.md
on laptop note edit "$note" n3.md >/dev/null; on phone note edit "$note" n4.md >/dev/null
on laptop task delete "$edited" >/dev/null; on phone task set "$edited" notes="Still wanted" >/dev/null
on laptop task set "$one" parent="$two" >/dev/null; on phone task set "$two" parent="$one" >/dev/null
exchange laptop phone
conflict=$(on laptop conflicts --json | python3 -c "import json,sys; print(next(c['id'] for c in json.load(sys.stdin) if c['entity']['id'] == '$decided'))")
on laptop resolve "$conflict" --value "Oil and wax the bench" >/dev/null
exchange laptop phone

# What the phone has not yet, and the laptop has not yet.
on laptop add "Newest on the laptop !2026-05-01 @wood" >/dev/null
on laptop note splice "$note" 0 0 '> Read aloud.

' >/dev/null
on phone add "Newest on the phone" >/dev/null

rm -rf "$out"; mkdir -p "$out"
on laptop bundle export "$out/update.holdfast" --for Phone >/dev/null
on laptop bundle export "$out/full.holdfast" --all >/dev/null
on laptop bundle export "$out/invitation.holdfast" --invite --passphrase-file passphrase >/dev/null
cp passphrase "$out/passphrase"
for device in laptop phone; do
  on "$device" check
  mkdir "$out/$device"
  on "$device" dump --json > "$out/$device.dump.json"
  on "$device" status --json > "$out/$device.status.json"
  on "$device" conflicts --json > "$out/$device.conflicts.json"
  cp "$work/$device/holdfast.db" "$work/$device/private.db" "$work/$device/key" "$out/$device/"
  test ! -e "$work/$device/holdfast.db-wal"
done
# What the phone shows after the update.
on phone bundle import "$out/update.holdfast" >/dev/null
on phone dump --json > "$out/phone-updated.dump.json"
on phone dump --json --space everywhere > "$out/everywhere.dump.json"
echo "$work"
