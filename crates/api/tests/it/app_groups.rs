//! Groups' assignments to applications: places, values, patches, lists.

use muster_service::ImportOptions;
use reqwest::Method;
use serde_json::{Value as Json, json};

use crate::support::Server;

struct Org {
    server: Server,
    app: String,
    groups: Vec<String>,
}

fn org() -> Org {
    let server = Server::start();
    let body = json!({ "name": "bookmark", "label": "Wiki", "settings": { "app": { "url": "https://a.example.org" } } });
    let app = server.post("/apps", &body).expect(200).body["id"].as_str().unwrap().to_owned();
    for name in ["Alpha", "Beta", "Gamma"] {
        server.muster.group_create(&server.admin, name, "", ImportOptions::default()).unwrap();
    }
    let made = server.muster.groups().unwrap().into_iter();
    let groups = made.filter(|g| g.profile.name != "Everyone").map(|g| g.id).collect();
    Org { server, app, groups }
}

impl Org {
    fn path(&self, group: usize) -> String {
        format!("/apps/{}/groups/{}", self.app, self.groups[group])
    }

    /// Names' first letters with their places, as listed.
    fn places(&self) -> Vec<(String, i64)> {
        let list = self.server.get(&format!("/apps/{}/groups?expand=group", self.app)).expect(200).body;
        let place = |g: &Json| {
            let name = g["_embedded"]["group"]["profile"]["name"].as_str().unwrap();
            (name[..1].to_owned(), g["priority"].as_i64().unwrap())
        };
        list.as_array().unwrap().iter().map(place).collect()
    }

    fn patch(&self, group: usize, steps: &Json) -> crate::support::Reply {
        self.server.send(Method::PATCH, &self.path(group), Some(steps), &[])
    }
}

fn places<const N: usize>(all: [(&str, i64); N]) -> Vec<(String, i64)> {
    all.map(|(name, place)| (name.to_owned(), place)).into()
}

#[test]
fn a_new_group_comes_last_and_one_with_a_place_moves_others_down() {
    let org = org();
    let first = org.server.put(&org.path(0), &json!({})).expect(200).body;
    assert_eq!((&first["priority"], &first["profile"]), (&json!(0), &json!({})));
    assert!(first["lastUpdated"].is_string());
    assert_eq!(
        org.server.put(&org.path(1), &json!({ "profile": { "role": "x" } })).expect(200).body["priority"],
        1
    );
    assert_eq!(org.server.put(&org.path(2), &json!({ "priority": 0 })).expect(200).body["priority"], 0);
    assert_eq!(org.places(), places([("G", 0), ("A", 1), ("B", 2)]));
    // Replaced without a place it keeps the one it has; saying the same is no change.
    let same = org.server.put(&org.path(1), &json!({ "profile": { "role": "x", "no": null } })).expect(200);
    assert_eq!((&same.body["priority"], same.headers.contains_key("x-muster-plan")), (&json!(2), false));
    org.server.put(&org.path(1), &json!({ "priority": -1 })).refused(400, "E0000001");
    org.server
        .put(&format!("/apps/{}/groups/00g0000000000000000", org.app), &json!({}))
        .refused(404, "E0000007");
}

#[test]
fn patches_change_place_and_values() {
    let org = org();
    org.server.put(&org.path(0), &json!({})).expect(200);
    org.server.put(&org.path(1), &json!({ "profile": { "role": "x", "a/b": 1 } })).expect(200);
    let steps = json!([
        { "op": "replace", "path": "/priority", "value": 0 },
        { "op": "replace", "path": "/profile/role", "value": "y" },
        { "op": "remove", "path": "/profile/a~1b" }
    ]);
    let given = org.patch(1, &steps).expect(200).body;
    assert_eq!((&given["priority"], &given["profile"]), (&json!(0), &json!({ "role": "y" })));
    assert_eq!(org.places(), places([("B", 0), ("A", 1)]));
    assert_eq!(
        org.patch(1, &json!([{ "op": "remove", "path": "/profile" }])).expect(200).body["profile"],
        json!({})
    );
    let whole = json!([{ "op": "replace", "path": "/profile", "value": { "floor": 2 } }]);
    assert_eq!(org.patch(1, &whole).expect(200).body["profile"], json!({ "floor": 2 }));
    org.patch(1, &json!([{ "op": "test", "path": "/priority", "value": 0 }])).refused(400, "E0000001");
    org.patch(1, &json!([{ "op": "remove", "path": "/id" }])).refused(400, "E0000001");
    org.patch(2, &json!([])).refused(404, "E0000007");
}

#[test]
fn what_a_group_gives_reaches_its_members_and_leaves_with_it() {
    let org = org();
    let ann = org.server.user("ann@example.org");
    for group in ["Alpha", "Beta"] {
        org.server
            .muster
            .group_add(&org.server.admin, group, "ann@example.org", None, ImportOptions::default())
            .unwrap();
    }
    org.server.put(&org.path(0), &json!({ "profile": { "role": "first" } })).expect(200);
    org.server.put(&org.path(1), &json!({ "profile": { "role": "second", "floor": 2 } })).expect(200);
    let one = format!("/apps/{}/users/{ann}", org.app);
    assert_eq!(org.server.get(&one).expect(200).body["profile"], json!({ "role": "first", "floor": 2 }));
    org.server.put(&org.path(1), &json!({ "priority": 0, "profile": { "role": "second" } })).expect(200);
    assert_eq!(org.server.get(&one).expect(200).body["profile"], json!({ "role": "second" }));
    org.server.delete(&org.path(1)).expect(204);
    org.server.delete(&org.path(1)).refused(404, "E0000007");
    assert_eq!(org.server.get(&one).expect(200).body["profile"], json!({ "role": "first" }));
    org.server.delete(&org.path(0)).expect(204);
    org.server.get(&one).refused(404, "E0000007");
}

#[test]
fn groups_of_an_application_are_searched_and_paged() {
    let org = org();
    for group in 0..3 {
        org.server.put(&org.path(group), &json!({})).expect(200);
    }
    let list = format!("/apps/{}/groups", org.app);
    let found = org.server.get(&format!("{list}?q=be")).expect(200).body;
    assert_eq!((found.as_array().unwrap().len(), &found[0]["id"]), (1, &json!(org.groups[1])));
    let page = org.server.get(&format!("{list}?limit=2")).expect(200);
    let next = org.server.get(&page.link("next").unwrap()).expect(200);
    assert_eq!((&next.body[0]["id"], next.link("next")), (&json!(org.groups[2]), None));
    let one = org.server.get(&format!("{}?expand=group", org.path(0))).expect(200).body;
    assert_eq!(one["_embedded"]["group"]["profile"]["name"], "Alpha");
    assert_eq!(one["_links"]["group"]["href"], org.server.url(&format!("/groups/{}", org.groups[0])));
    org.server.get(&format!("{list}?after=x")).refused(400, "E0000029");
}

#[test]
fn applications_of_a_group_are_listed_and_paged() {
    let org = org();
    let another = json!({ "name": "bookmark", "label": "Lore", "settings": { "app": { "url": "https://b.example.org" } } });
    let another = org.server.post("/apps", &another).expect(200).body["id"].clone();
    let list = format!("/groups/{}/apps", org.groups[0]);
    assert_eq!(org.server.get(&list).expect(200).body, json!([]));
    org.server.put(&org.path(0), &json!({})).expect(200);
    org.server.put(&org.path(1), &json!({})).expect(200);
    org.server
        .put(&format!("/apps/{}/groups/{}", another.as_str().unwrap(), org.groups[0]), &json!({}))
        .expect(200);
    let page = org.server.get(&format!("{list}?limit=1")).expect(200);
    assert_eq!((page.body.as_array().unwrap().len(), &page.body[0]["id"]), (1, &json!(org.app)));
    let next = org.server.get(&page.link("next").unwrap()).expect(200);
    assert_eq!((&next.body[0]["id"], next.link("next")), (&another, None));
    org.server.get(&format!("{list}?after=x")).refused(400, "E0000029");
    org.server.get("/groups/00g0000000000000000/apps").refused(404, "E0000007");
}
