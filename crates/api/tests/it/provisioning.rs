//! The provisioning connection of SCIM applications, their features, and accounts in a real application.

use muster_demo_app::{Act, Config, DemoApp, Faults, On, Which};
use muster_service::ImportOptions;
use muster_service::provision::SyncOptions;
use serde_json::{Value as Json, json};

use crate::support::Server;

fn scim(server: &Server, label: &str) -> String {
    let body = json!({ "name": "scim2headerauth", "label": label });
    server.post("/apps", &body).expect(200).body["id"].as_str().unwrap().to_owned()
}

fn connect(server: &Server, app: &str, base_url: &str, token: &str) -> Json {
    let body = json!({ "baseUrl": base_url, "profile": { "authScheme": "TOKEN", "token": token } });
    server.post(&format!("/apps/{app}/connections/default?activate=true"), &body).expect(200).body
}

fn sync(server: &Server) {
    server.muster.sync(&SyncOptions::default(), &()).unwrap();
}

#[test]
fn a_connection_is_set_switched_and_never_shows_its_token() {
    let server = Server::start();
    let app = scim(&server, "CRM");
    let path = format!("/apps/{app}/connections/default");
    let fresh = server.get(&path).expect(200).body;
    assert_eq!(
        (&fresh["status"], &fresh["authScheme"], &fresh["baseUrl"]),
        (&json!("DISABLED"), &json!("TOKEN"), &json!(null))
    );
    server.call(&format!("{path}/lifecycle/activate")).refused(400, "E0000001");
    server.get(&format!("/apps/{app}/features")).refused(400, "E0000001");
    let set = server
        .post(&path, &json!({ "baseUrl": "https://crm.example.org/scim", "profile": { "authScheme": "TOKEN", "token": "s3cr3t" } }))
        .expect(200);
    assert_eq!(
        (&set.body["status"], &set.body["baseUrl"]),
        (&json!("DISABLED"), &json!("https://crm.example.org/scim"))
    );
    server.call(&format!("{path}/lifecycle/activate")).expect(204);
    let on = server.get(&path).expect(200).body;
    assert_eq!((&on["status"], &on["profile"]), (&json!("ENABLED"), &json!({ "authScheme": "TOKEN" })));
    assert!(on["_links"]["deactivate"]["href"].is_string() && on["_links"]["activate"].is_null());
    let features = server.get(&format!("/apps/{app}")).body["features"].clone();
    assert!(features.as_array().unwrap().contains(&json!("PUSH_NEW_USERS")), "{features}");
    server.call(&format!("{path}/lifecycle/deactivate")).expect(204);
    assert_eq!(server.get(&path).body["status"], "DISABLED");
    // Neither the org file nor any file of the store has it.
    let exported = server.muster.org_export().unwrap();
    assert!(exported.contains("sealed:") && !exported.contains("s3cr3t"), "{exported}");
    for file in
        std::fs::read_dir(server.muster.dir()).unwrap().map(|f| f.unwrap().path()).filter(|f| f.is_file())
    {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(6).any(|part| part == b"s3cr3t"), "{}", file.display());
    }
    server
        .post(&path, &json!({ "profile": { "authScheme": "OAUTH2", "clientId": "x" } }))
        .refused(400, "E0000001");
    server.post(&path, &json!({ "baseUrl": "http://far.example.org" })).refused(400, "E0000001");
    let wiki = json!({ "name": "bookmark", "label": "W", "settings": { "app": { "url": "https://w.example.org" } } });
    let wiki = server.post("/apps", &wiki).expect(200).body["id"].as_str().unwrap().to_owned();
    let refused = server.get(&format!("/apps/{wiki}/connections/default")).refused(400, "E0000001");
    assert_eq!(refused.body["errorSummary"], "Api validation failed: feature");
    server.get("/apps/0oa0000000000000000/connections/default").refused(404, "E0000007");
}

#[test]
fn features_switch_what_is_provisioned() {
    let server = Server::start();
    let app = scim(&server, "CRM");
    connect(&server, &app, "https://crm.example.org/scim", "t");
    let path = format!("/apps/{app}/features/USER_PROVISIONING");
    let feature = server.get(&path).expect(200).body;
    assert_eq!((&feature["name"], &feature["status"]), (&json!("USER_PROVISIONING"), &json!("ENABLED")));
    assert_eq!(
        feature["capabilities"],
        json!({
            "create": { "lifecycleCreate": { "status": "ENABLED" } },
            "update": {
                "profile": { "status": "ENABLED" }, "lifecycleDeactivate": { "status": "ENABLED" },
                "password": { "status": "DISABLED", "seed": "RANDOM", "change": "KEEP_EXISTING" }
            }
        })
    );
    let wanted = json!({
        "create": { "lifecycleCreate": { "status": "DISABLED" } },
        "update": {
            "lifecycleDeactivate": { "status": "DISABLED" },
            "password": { "status": "DISABLED", "seed": "OKTA", "change": "CHANGE" }
        }
    });
    let feature = server.put(&path, &wanted).expect(200).body;
    let now = &feature["capabilities"];
    assert_eq!(now["create"], wanted["create"]);
    assert_eq!(now["update"]["profile"]["status"], "ENABLED");
    assert_eq!(now["update"]["lifecycleDeactivate"]["status"], "DISABLED");
    assert_eq!(now["update"]["password"], wanted["update"]["password"]);
    assert_eq!(server.get(&format!("/apps/{app}/features")).expect(200).body, json!([feature]));
    // A replaced application keeps its features.
    server.put(&format!("/apps/{app}"), &json!({ "label": "CRM 2" })).expect(200);
    assert_eq!(server.get(&path).body, feature);
    server.put(&path, &json!({ "update": { "password": { "status": "ENABLED" } } })).refused(400, "E0000001");
    server.get(&format!("/apps/{app}/features/NONSENSE")).refused(404, "E0000007");
}

#[test]
fn people_get_accounts_in_a_real_application_over_http_alone() {
    let server = Server::start();
    let demo = server.runtime().block_on(DemoApp::start(Config::default())).unwrap();
    let app = scim(&server, "CRM");
    let group = server.post("/groups", &json!({ "profile": { "name": "Sales" } })).body["id"].clone();
    let group = group.as_str().unwrap();
    let rule = json!({
        "type": "group_rule", "name": "Sellers",
        "conditions": { "expression": { "value": "user.department == \"Sales\"", "type": "urn:okta:expression:1.0" } },
        "actions": { "assignUserToGroups": { "groupIds": [group] } }
    });
    let rule = server.post("/groups/rules", &rule).expect(200).body["id"].clone();
    server.call(&format!("/groups/rules/{}/lifecycle/activate", rule.as_str().unwrap())).expect(204);
    let by_hand = server.user("ann@example.org");
    server.put(&format!("/groups/{group}/users/{by_hand}"), &json!({})).expect(204);
    let by_rule = server.user("bob@example.org");
    server.post(&format!("/users/{by_rule}"), &json!({ "profile": { "department": "Sales" } })).expect(200);
    server
        .put(&format!("/apps/{app}/groups/{group}"), &json!({ "profile": { "userType": "Seller" } }))
        .expect(200);
    let ann = format!("/apps/{app}/users/ann@example.org");
    // Before there is a connection nothing is called, and nobody is told that something is wrong.
    sync(&server);
    let user = server.get(&ann).expect(200).body;
    assert_eq!((&user["status"], &user["syncState"]), (&json!("ACTIVE"), &json!("DISABLED")));
    assert!(demo.users().is_empty());
    assert!(server.muster.tasks(&muster_service::tasks::TaskFilter::default()).unwrap().is_empty());
    let connection = connect(&server, &app, &demo.base_url, "demo-token");
    assert_eq!(connection["status"], "ENABLED");
    assert_eq!(server.get(&ann).body["status"], "STAGED");
    sync(&server);
    let held = demo.users();
    assert_eq!(held.len(), 2, "{held:?}");
    let account = held.iter().find(|u| u["userName"] == "ann@example.org").unwrap();
    assert_eq!(
        (&account["name"]["givenName"], &account["name"]["familyName"]),
        (&json!("Ann"), &json!("ann"))
    );
    assert_eq!(
        (&account["emails"][0]["value"], &account["userType"]),
        (&json!("ann@example.org"), &json!("Seller"))
    );
    assert_eq!(account["active"], true);
    let user = server.get(&ann).body;
    assert_eq!((&user["status"], &user["syncState"]), (&json!("PROVISIONED"), &json!("SYNCHRONIZED")));
    assert_eq!(user["externalId"], account["id"]);
    // Her own assignment goes before the group's values and the mappings.
    let id = user["id"].clone();
    server
        .post(&ann, &json!({ "credentials": { "userName": "annie" }, "profile": { "title": "Head" } }))
        .expect(200);
    sync(&server);
    let held = demo.users();
    let account = held.iter().find(|u| u["userName"] == "annie").unwrap();
    assert_eq!((&account["title"], &account["externalId"]), (&json!("Head"), &id));
    // Taken from the group, it is taken from him; hers is her own until that goes too.
    server.delete(&format!("/apps/{app}/groups/{group}")).expect(204);
    sync(&server);
    let active = || demo.users().iter().filter(|u| u["active"] == true).count();
    assert_eq!(active(), 1);
    server.delete(&ann).expect(204);
    sync(&server);
    assert_eq!((active(), demo.users().len()), (0, 2));
}

#[test]
fn undoing_a_new_token_brings_the_one_before_back() {
    let server = Server::start();
    let demo = server.runtime().block_on(DemoApp::start(Config::default())).unwrap();
    let app = scim(&server, "CRM");
    connect(&server, &app, &demo.base_url, "demo-token");
    let path = format!("/apps/{app}/connections/default");
    let wrong = server.post(&path, &json!({ "profile": { "token": "wrong" } })).expect(200);
    let plan = wrong.headers["x-muster-plan"].to_str().unwrap();
    let plan = muster_engine::model::key_of(muster_engine::model::IdKind::Plan, plan).unwrap();
    let ann = server.user("ann@example.org");
    server.post(&format!("/apps/{app}/users"), &json!({ "id": ann })).expect(200);
    let options = ImportOptions::default();
    server
        .muster
        .undo(&server.admin, muster_engine::model::PlanKey(plan), options, &muster_service::plan::Quiet)
        .unwrap();
    sync(&server);
    assert_eq!(demo.users().len(), 1);
}

#[test]
fn a_bookmark_that_becomes_an_application_gives_accounts_to_those_who_have_it() {
    let server = Server::start();
    let demo = server.runtime().block_on(DemoApp::start(Config::default())).unwrap();
    let body = json!({ "name": "bookmark", "label": "Wiki", "settings": { "app": { "url": "https://w.example.org" } } });
    let app = server.post("/apps", &body).expect(200).body["id"].as_str().unwrap().to_owned();
    let ann = server.user("ann@example.org");
    server.post(&format!("/apps/{app}/users"), &json!({ "id": ann })).expect(200);
    let token = server.muster.dir().join("wiki.token");
    std::fs::write(&token, "demo-token").unwrap();
    let file = server.muster.org_export().unwrap();
    let changed = file
        .replace("kind = \"bookmark\"", "kind = \"scim\"")
        .replace("url = \"https://w.example.org\"", &format!("base_url = \"{}\"", demo.base_url));
    assert_ne!(file, changed);
    let token = token.display();
    let changed =
        format!("{changed}\n[apps.Wiki.provisioning]\n[apps.Wiki.secrets]\ntoken = \"file:{token}\"\n");
    let options = ImportOptions::default();
    server
        .muster
        .org_apply(&server.admin, "org.toml", &changed, options, &muster_service::plan::Quiet)
        .unwrap();
    sync(&server);
    assert_eq!(demo.users().iter().map(|u| u["userName"].clone()).collect::<Vec<_>>(), ["ann@example.org"]);
    // And back: nothing is called any more.
    server.muster.org_apply(&server.admin, "org.toml", &file, options, &muster_service::plan::Quiet).unwrap();
    server.delete(&format!("/apps/{app}/users/{ann}")).expect(204);
    sync(&server);
    assert_eq!(demo.users()[0]["active"], true);
}

#[test]
fn what_an_application_refuses_is_a_task_that_is_tried_again_on_demand() {
    let server = Server::start();
    let faults = Faults::default();
    let detail = "names must not begin with an a".to_owned();
    faults.add(
        On::Writes,
        Which::Always,
        Act::RejectUserName { user_name: "ann@example.org".to_owned(), detail },
    );
    let config = Config { token: "demo-token".to_owned(), faults: faults.clone(), ..Config::default() };
    let demo = server.runtime().block_on(DemoApp::start(config)).unwrap();
    let app = scim(&server, "CRM");
    connect(&server, &app, &demo.base_url, "demo-token");
    let ann = server.user("ann@example.org");
    server.post(&format!("/apps/{app}/users"), &json!({ "id": ann })).expect(200);
    sync(&server);
    let tasks = server.get("/tasks").expect(200).body;
    assert_eq!(tasks.as_array().unwrap().len(), 1, "{tasks}");
    assert!(tasks.to_string().contains("names must not begin with an a"), "{tasks}");
    let task = tasks[0]["id"].as_str().unwrap();
    faults.clear();
    server.call(&format!("/tasks/{task}/retry")).expect(200);
    sync(&server);
    assert_eq!(demo.users().len(), 1);
    assert!(server.get("/tasks").expect(200).body.as_array().unwrap().is_empty());
    server.call(&format!("/tasks/{task}/retry")).expect(400);
}
