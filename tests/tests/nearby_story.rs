//! Two devices on one network, as real processes: pairing by a code, staying in step, coming back.
//!
//! On the loopback interface alone; `nearby_networks` has networks of its own.

use anyhow::{Context, Result, ensure};
use holdfast_tests::Device;
use holdfast_tests::nearby::{Watching, in_step, pair, pair_at, wait_until};

#[test]
fn a_phone_pairs_by_a_code_and_edits_travel_both_ways() -> Result<()> {
    let (laptop, phone) = (Device::new("laptop")?, Device::new("phone")?);
    laptop.ctl(&["init", "--name", "Laptop"])?;
    laptop.ctl(&["list", "add", "Groceries"])?;
    for number in 0..20 {
        laptop.ctl(&["add", &format!("Task {number}")])?;
    }
    laptop.ctl(&["mode", "nearby"])?;
    let mut on_laptop = Watching::start(&laptop)?;
    let preview = pair(&laptop, &phone, "Phone")?;
    ensure!(preview["name"] == "Laptop" && preview["tasks"] == 20, "{preview}");
    ensure!(preview["lists"].as_array().is_some_and(|lists| lists.len() == 1), "{preview}");
    let mut on_phone = Watching::start(&phone)?;
    in_step(&[&laptop, &phone])?;
    ensure!(phone.ctl(&["tasks"])?.contains("Task 19"));
    phone.ctl(&["add", "From the phone"])?;
    laptop.ctl(&["add", "From the laptop"])?;
    wait_until("the phone's task on the laptop", || {
        Ok(laptop.ctl(&["tasks"])?.contains("From the phone"))
    })?;
    in_step(&[&laptop, &phone])?;
    // Who is connected is said by name.
    let status = laptop.json(&["status"])?;
    ensure!(status["mode"] == "nearby", "{status}");
    let to = &status["destinations"][0];
    ensure!(to["name"] == "Phone", "{status}");
    ensure!(to["state"].as_str().is_some_and(|s| s.starts_with("Connected")), "{status}");
    // One is killed, both go on writing, and it comes back.
    on_phone.kill()?;
    phone.ctl(&["add", "While it was away"])?;
    laptop.ctl(&["add", "While the phone was away"])?;
    wait_until("the laptop sees that the phone is gone", || {
        let status = laptop.json(&["status"])?;
        let text = status["destinations"][0]["state"].as_str().unwrap_or_default().to_owned();
        Ok(!text.starts_with("Connected"))
    })?;
    let status = laptop.json(&["status"])?;
    ensure!(status["pending"] == 1, "{status}");
    let mut on_phone = Watching::start(&phone)?;
    in_step(&[&laptop, &phone])?;
    let activity = laptop.ctl(&["activity"])?;
    ensure!(activity.contains("Received changes from Phone"), "{activity}");
    on_phone.kill()?;
    on_laptop.kill()?;
    for device in [&laptop, &phone] {
        ensure!(!device.ctl(&["check"])?.contains("PROBLEM"));
    }
    Ok(())
}

#[test]
fn devices_that_meet_through_a_third_one_alone_know_that_all_have_everything() -> Result<()> {
    let [laptop, phone, tablet] =
        ["laptop", "phone", "tablet"].map(|name| Device::new(name).map(Device::unannounced));
    let (laptop, phone, tablet) = (laptop?, phone?, tablet?);
    laptop.ctl(&["init", "--name", "Laptop"])?;
    laptop.ctl(&["mode", "nearby"])?;
    let _on_laptop = Watching::start(&laptop)?;
    // Without announcements each of the two knows the laptop's address and no other.
    pair(&laptop, &phone, "Phone")?;
    let _on_phone = Watching::start(&phone)?;
    pair(&laptop, &tablet, "Tablet")?;
    let _on_tablet = Watching::start(&tablet)?;
    phone.ctl(&["add", "From the phone"])?;
    tablet.ctl(&["add", "From the tablet"])?;
    // Nothing is pending on any of them, by the words of all others.
    in_step(&[&laptop, &phone, &tablet])?;
    for (device, other) in [(&phone, "Tablet"), (&tablet, "Phone")] {
        let status = device.json(&["status"])?;
        let all = status["destinations"].as_array().context("destinations")?;
        let to = all.iter().find(|to| to["name"] == other).context("the other one")?;
        ensure!(to["missing_there"] == 0 && to["missing_here"] == 0, "{status}");
        let is_connected = to["state"].as_str().unwrap_or_default().starts_with("Connected");
        ensure!(!is_connected, "{status}");
    }
    Ok(())
}

#[test]
fn each_device_learns_how_far_the_others_clock_is_off() -> Result<()> {
    let (laptop, phone) = (Device::new("laptop")?, Device::new("phone")?.with_clock("+10m"));
    laptop.ctl(&["init", "--name", "Laptop"])?;
    laptop.ctl(&["mode", "nearby"])?;
    let _on_laptop = Watching::start(&laptop)?;
    pair(&laptop, &phone, "Phone")?;
    let _on_phone = Watching::start(&phone)?;
    for (device, minutes) in [(&laptop, 10), (&phone, -10)] {
        wait_until("the clocks were compared", || {
            let nearby = device.json(&["mode"])?["nearby"].clone();
            let ahead = nearby.pointer("/peers/0/ahead_ms").and_then(serde_json::Value::as_i64);
            // Half a minute for a machine that is busy.
            Ok(ahead.is_some_and(|ahead| (ahead - minutes * 60_000).abs() < 30_000))
        })?;
    }
    Ok(())
}

#[test]
fn a_wrong_code_pairs_nothing_and_the_right_one_is_burned() -> Result<()> {
    let (laptop, phone) = (Device::new("laptop")?, Device::new("phone")?);
    laptop.ctl(&["init", "--name", "Laptop"])?;
    laptop.ctl(&["mode", "nearby"])?;
    let _watch = Watching::start(&laptop)?;
    let offer = laptop.json(&["pair", "offer"])?;
    let (code, address) = (
        offer["code"].as_str().context("a code")?.to_owned(),
        offer["address"].as_str().context("an address")?.to_owned(),
    );
    let right: u32 = code.replace(' ', "").parse()?;
    let wrong = format!("{:08}", (right + 1) % 100_000_000);
    for (code, expected) in [(wrong.as_str(), "pairing_wrong_code"), (&code, "pairing_burned")] {
        let refused = phone.try_ctl(&["pair", "accept", &address, "--code", code])?;
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        ensure!(!refused.status.success() && said.contains(expected), "{expected}: {said}");
    }
    ensure!(!phone.home().join("holdfast.db").exists(), "nothing was made");
    ensure!(laptop.json(&["devices"])?.as_array().is_some_and(|devices| devices.len() == 1));
    Ok(())
}

#[test]
fn an_offer_without_a_running_app_stays_until_it_is_used_and_a_name_serves_as_well() -> Result<()> {
    let (laptop, phone) = (Device::new("laptop")?, Device::new("phone")?);
    laptop.ctl(&["init", "--name", "Walnut"])?;
    laptop.ctl(&["add", "Carried by the sync command"])?;
    let mut offering = Watching::run(&laptop, &["pair", "offer", "--json"])?;
    let offer = offering.json()?;
    let code = offer["code"].as_str().context("a code")?;
    phone.ctl(&["pair", "accept", "walnut", "--code", code, "--name", "Phone"])?;
    ensure!(offering.ended()?.success());
    // Nobody watches on the phone: one exchange, now.
    let mut on_laptop = Watching::start(&laptop)?;
    let synced = phone.json(&["sync"])?;
    ensure!(synced["received"].as_u64().is_some_and(|received| received > 0), "{synced}");
    ensure!(phone.ctl(&["tasks"])?.contains("Carried by the sync command"));
    on_laptop.kill()?;
    // With nobody there it says so, and how to go on.
    let alone = phone.try_ctl(&["sync"])?;
    let said = String::from_utf8_lossy(&alone.stderr).into_owned();
    ensure!(!alone.status.success() && said.contains("nobody_nearby"), "{said}");
    Ok(())
}

#[test]
fn the_code_that_is_shown_and_what_came_of_it_can_be_asked_for() -> Result<()> {
    let (laptop, phone) = (Device::new("laptop")?, Device::new("phone")?);
    laptop.ctl(&["init", "--name", "Laptop"])?;
    laptop.ctl(&["mode", "nearby"])?;
    let _on_laptop = Watching::start(&laptop)?;
    ensure!(laptop.ctl(&["pair", "show"])?.contains("'holdfastctl pair offer' shows one"));
    let offer = laptop.json(&["pair", "offer"])?;
    let code = offer["code"].as_str().context("a code")?;
    ensure!(laptop.ctl(&["pair", "show"])?.trim() == code);
    pair_at(offer["address"].as_str().context("an address")?, &offer, &phone, "Phone")?;
    wait_until("what came of it is said", || {
        Ok(laptop.ctl(&["pair", "show"])?.trim() == "Paired with Phone.")
    })
}

/// Both have a vault: one joins the other's and brings along what it had, while a watcher of its own runs.
#[test]
fn a_device_with_a_vault_of_its_own_pairs_and_brings_along_what_it_had() -> Result<()> {
    let (laptop, tower) = (Device::new("laptop")?, Device::new("tower")?);
    laptop.ctl(&["init", "--name", "Laptop"])?;
    laptop.ctl(&["add", "Milk #Groceries"])?;
    laptop.ctl(&["mode", "nearby"])?;
    let mut on_laptop = Watching::start(&laptop)?;
    tower.ctl(&["init", "--name", "Tower"])?;
    tower.ctl(&["add", "Bread #Groceries"])?;
    tower.ctl(&["add", "Varnish #Workshop"])?;
    let mut on_tower = Watching::start(&tower)?;
    let offer = laptop.json(&["pair", "offer"])?;
    let (code, address) = (
        offer["code"].as_str().context("a code")?,
        offer["address"].as_str().context("an address")?,
    );
    // Without a word on what becomes of them, nothing is joined, and the code is not touched.
    let refused = tower.try_ctl(&["pair", "accept", address, "--code", code])?;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    ensure!(!refused.status.success() && said.contains("--bring-along"), "{said}");
    let accept = ["pair", "accept", address, "--code", code, "--name", "Tower"];
    let preview = tower.json(&[&accept[..], &["--bring-along", "merge"]].concat())?;
    ensure!(preview["same_lists"] == serde_json::json!(["Groceries"]), "{preview}");
    ensure!(preview["brings_tasks"] == 2 && preview["tasks"] == 1, "{preview}");
    wait_until("the tower's tasks on the laptop", || {
        let tasks = laptop.ctl(&["tasks"])?;
        Ok(tasks.contains("Bread") && tasks.contains("Varnish"))
    })?;
    in_step(&[&laptop, &tower])?;
    let lists = laptop.json(&["lists"])?.to_string();
    ensure!(lists.matches("Groceries").count() == 1, "{lists}");
    ensure!(tower.ctl(&["tasks"])?.contains("Milk"));
    ensure!(tower.ctl(&["activity"])?.contains("Brought along from the earlier vault: 2 tasks"));
    // The tower's own vault is whole beside the new one.
    let earlier =
        std::fs::read_dir(tower.home().join("earlier"))?.next().context("it is kept")??;
    let earlier = earlier.path();
    let earlier = earlier.to_str().context("a path")?;
    let kept = tower.ctl(&["--home", earlier, "tasks"])?;
    ensure!(kept.contains("Bread") && !kept.contains("Milk"), "{kept}");
    on_tower.kill()?;
    on_laptop.kill()?;
    Ok(())
}

#[test]
fn switching_modes_forgets_nothing_and_the_folder_waits_meanwhile() -> Result<()> {
    let (laptop, phone) = (Device::new("laptop")?, Device::new("phone")?);
    laptop.ctl(&["init", "--name", "Laptop"])?;
    let folder = laptop.file("exchange");
    std::fs::create_dir(&folder)?;
    let folder = folder.to_str().context("a path")?;
    laptop.ctl(&["mode", "manual", "--folder", folder])?;
    let preview = laptop.json(&["mode", "nearby", "--preview"])?;
    ensure!(preview["to"] == "nearby" && laptop.json(&["status"])?["mode"] == "manual");
    laptop.ctl(&["mode", "nearby"])?;
    let mut on_laptop = Watching::start(&laptop)?;
    pair(&laptop, &phone, "Phone")?;
    let mut on_phone = Watching::start(&phone)?;
    in_step(&[&laptop, &phone])?;
    laptop.ctl(&["mode", "manual"])?;
    laptop.ctl(&["add", "Written in Manual mode"])?;
    wait_until("the phone sees that the laptop left", || {
        let status = phone.json(&["status"])?;
        let state = status["destinations"][0]["state"].as_str().unwrap_or_default().to_owned();
        Ok(!state.starts_with("Connected"))
    })?;
    ensure!(!phone.ctl(&["tasks"])?.contains("Written in Manual mode"));
    // A bundle goes in every mode, and leaves out nothing that only the folder has.
    laptop.ctl(&["sync"])?;
    let bundle = laptop.file("bundle.holdfast");
    let bundle = bundle.to_str().context("a path")?;
    laptop.ctl(&["bundle", "export", bundle])?;
    phone.ctl(&["bundle", "import", bundle])?;
    ensure!(phone.ctl(&["tasks"])?.contains("Written in Manual mode"));
    laptop.ctl(&["mode", "nearby"])?;
    laptop.ctl(&["add", "Written in Nearby mode"])?;
    wait_until("the pairing still holds", || {
        Ok(phone.ctl(&["tasks"])?.contains("Written in Nearby mode"))
    })?;
    in_step(&[&laptop, &phone])?;
    on_phone.kill()?;
    on_laptop.kill()
}

#[test]
fn a_large_deletion_from_the_network_waits_for_the_person() -> Result<()> {
    let (laptop, phone) = (Device::new("laptop")?, Device::new("phone")?);
    laptop.ctl(&["init", "--name", "Laptop"])?;
    let mut ids = Vec::new();
    for number in 0..24 {
        ids.push(laptop.ctl(&["add", &format!("Task {number}")])?);
    }
    laptop.ctl(&["mode", "nearby"])?;
    let _on_laptop = Watching::start(&laptop)?;
    pair(&laptop, &phone, "Phone")?;
    let mut on_phone = Watching::start(&phone)?;
    in_step(&[&laptop, &phone])?;
    on_phone.kill()?;
    for id in &ids[..20] {
        laptop.ctl(&["task", "delete", id.trim()])?;
    }
    let _on_phone = Watching::start(&phone)?;
    wait_until("it waits on the phone", || {
        Ok(phone.json(&["status"])?["held"] != serde_json::json!([]))
    })?;
    ensure!(phone.ctl(&["tasks"])?.contains("Task 0"));
    phone.ctl(&["sync", "--accept"])?;
    in_step(&[&laptop, &phone])?;
    ensure!(!phone.ctl(&["tasks"])?.contains("Task 0\n"));
    Ok(())
}
