//! The log: polled, bounded, filtered.

use serde_json::json;

use crate::support::{Reply, Server};

fn types(reply: &Reply) -> Vec<String> {
    let events = reply.body.as_array().unwrap();
    events.iter().map(|e| e["eventType"].as_str().unwrap().to_owned()).collect()
}

fn uuids(reply: &Reply) -> Vec<String> {
    let events = reply.body.as_array().unwrap();
    events.iter().map(|e| e["uuid"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_poll_misses_nothing_and_repeats_nothing() {
    let server = Server::start();
    for n in 0..3 {
        server.user(&format!("u{n}@example.org"));
    }
    let (mut seen, mut page) = (Vec::new(), server.get("/logs?limit=2").expect(200));
    for round in 0..12 {
        assert!(page.body.as_array().unwrap().len() <= 2);
        seen.extend(uuids(&page));
        // Others write while it is polled.
        if round < 3 {
            server.user(&format!("v{round}@example.org"));
        }
        page = server.get(&page.link("next").expect("a poll always goes on")).expect(200);
    }
    assert_eq!(page.body, json!([]));
    let all = uuids(&server.get("/logs?limit=1000").expect(200));
    assert_eq!(seen, all);
    assert!(all.len() >= 6);
}

#[test]
fn a_list_with_an_end_is_finite_in_both_orders() {
    let server = Server::start();
    for n in 0..3 {
        server.user(&format!("u{n}@example.org"));
    }
    let walk = |path: &str| {
        let (mut seen, mut page) = (Vec::new(), server.get(path).expect(200));
        loop {
            seen.extend(uuids(&page));
            let Some(next) = page.link("next") else { break };
            page = server.get(&next).expect(200);
            assert!(seen.len() < 100, "it never ends");
        }
        seen
    };
    let up = walk("/logs?since=2001-01-01T00:00:00Z&until=2999-01-01T00:00:00%2B02:00&limit=1");
    let mut down =
        walk("/logs?since=2001-01-01T00:00:00Z&until=2999-01-01T00:00:00Z&limit=2&sortOrder=DESCENDING");
    down.reverse();
    assert_eq!(up, down);
    assert!(up.len() >= 3);
    assert!(walk("/logs?since=2001-01-01T00:00:00Z&until=2002-01-01T00:00:00Z").is_empty());
}

#[test]
fn events_are_found_by_filter_and_keywords() {
    let server = Server::start();
    let id = server.user("ann@example.org");
    server.user("bob@example.org");
    server.call(&format!("/users/{id}/lifecycle/suspend")).expect(200);
    let found = |query: &str| types(&server.get(&format!("/logs?{query}")).expect(200));
    let filter = |text: &str| format!("filter={}", text.replace(' ', "%20").replace('"', "%22"));
    assert_eq!(found(&filter("eventType eq \"user.lifecycle.suspend\"")), ["user.lifecycle.suspend"]);
    let of_ann = found(&filter(&format!("target.id eq \"{id}\" and eventType sw \"user.lifecycle\"")));
    assert!(
        of_ann.contains(&"user.lifecycle.create".to_owned())
            && of_ann.contains(&"user.lifecycle.suspend".to_owned())
    );
    assert_eq!(found("q=ANN%20suspend"), ["user.lifecycle.suspend"]);
    assert!(found("q=nobody").is_empty());
    server.get(&format!("/logs?{}", filter("eventType xx 1"))).refused(400, "E0000031");
    server.get(&format!("/logs?{}", filter("published gt \"2020-01-01\""))).refused(400, "E0000001");
    server.get("/logs?since=yesterday").refused(400, "E0000001");
    server.get("/logs?after=x").refused(400, "E0000029");
    assert_eq!(server.get("/logs?limit=0").expect(200).body, json!([]));
}
