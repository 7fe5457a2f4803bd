//! Applications: creation, look-up, filters, changes, lifecycle, deletion.

use muster_service::{ImportOptions, Right};
use reqwest::Method;
use serde_json::{Value as Json, json};

use crate::support::Server;

fn bookmark(label: &str) -> Json {
    json!({
        "name": "bookmark", "signOnMode": "BOOKMARK", "label": label,
        "settings": { "app": { "url": "https://wiki.example.org", "requestIntegration": false } }
    })
}

fn scim(label: &str) -> Json {
    json!({ "name": "scim2headerauth", "label": label })
}

fn create(server: &Server, body: &Json) -> String {
    server.post("/apps", body).expect(200).body["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_bookmark_comes_back_as_it_was_given_with_oktas_defaults() {
    let server = Server::start();
    let mut body = bookmark("Wiki");
    body["visibility"] = json!({ "autoLaunch": true, "hide": { "iOS": true } });
    body["settings"]["notes"] = json!({ "admin": "ask Ann" });
    body["profile"] = json!({ "team": "it" });
    body["credentials"] = json!({ "userNameTemplate": { "template": "${source.email}", "type": "BUILT_IN" }, "password": { "value": "x" } });
    let app = server.post("/apps", &body).expect(200).body;
    assert!(app["id"].as_str().unwrap().starts_with("0oa"));
    assert_eq!(
        (&app["name"], &app["signOnMode"], &app["status"]),
        (&json!("bookmark"), &json!("BOOKMARK"), &json!("ACTIVE"))
    );
    assert_eq!(
        app["settings"]["app"],
        json!({ "url": "https://wiki.example.org", "requestIntegration": false })
    );
    assert_eq!(app["settings"]["notes"], json!({ "admin": "ask Ann", "enduser": null }));
    assert_eq!(app["visibility"]["hide"], json!({ "iOS": true, "web": false }));
    assert_eq!(
        (&app["visibility"]["autoLaunch"], &app["visibility"]["autoSubmitToolbar"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(app["profile"], json!({ "team": "it" }));
    assert_eq!(app["credentials"]["userNameTemplate"]["template"], "${source.email}");
    assert!(app["credentials"].get("password").is_none());
    assert_eq!(app["_links"]["deactivate"]["method"], "POST");
    assert!(app["created"].is_string() && app["lastUpdated"].is_string());
    let id = app["id"].as_str().unwrap();
    assert_eq!(server.get(&format!("/apps/{id}")).expect(200).body, app);
    let waiting = server.post("/apps?activate=false", &bookmark("Wiki")).expect(200).body;
    assert_eq!((&waiting["status"], &waiting["label"]), (&json!("INACTIVE"), &json!("Wiki")));
    server.get("/apps/0oa0000000000000000").refused(404, "E0000007");
}

#[test]
fn what_muster_isnt_is_refused_clearly() {
    let server = Server::start();
    let refused = |body: Json| {
        let reply = server.post("/apps", &body).refused(400, "E0000001");
        format!("{} {}", reply.body["errorSummary"], reply.body["errorCauses"])
    };
    assert!(
        refused(json!({ "label": "x", "name": "oidc_client", "signOnMode": "OPENID_CONNECT" }))
            .contains("bookmark")
    );
    assert!(refused(json!({ "label": "x", "signOnMode": "SAML_2_0" })).contains("SAML_2_0"));
    assert!(refused(json!({ "label": "x" })).contains("signOnMode"));
    assert!(refused(json!({ "name": "bookmark", "settings": { "app": { "url": "u" } } })).contains("label"));
    assert!(refused(json!({ "name": "bookmark", "label": "x" })).contains("url"));
    let mut body = scim("x");
    body["settings"] = json!({ "app": { "token": "t0p" } });
    let told = refused(body);
    assert!(told.contains("connections/default") && !told.contains("t0p"), "{told}");
    let mut body = scim("x");
    body["settings"] = json!({ "app": { "baseUrl": "http://far.example.org/scim" } });
    refused(body);
    let writer = format!("SSWS {}", server.token("writer", Right::Write));
    let headers = [("authorization", writer.as_str())];
    server.send(Method::POST, "/apps", Some(&bookmark("x")), &headers).refused(403, "E0000006");
    assert_eq!(server.get("/apps").body, json!([]));
}

#[test]
fn a_scim_application_keeps_its_name_and_settings() {
    let server = Server::start();
    let mut body = scim("CRM");
    body["signOnMode"] = json!("SAML_2_0");
    body["settings"] =
        json!({ "app": { "baseUrl": "https://crm.example.org/scim", "pageSize": 50, "region": "eu" } });
    let app = server.post("/apps", &body).expect(200).body;
    assert_eq!((&app["name"], &app["signOnMode"]), (&json!("scim2headerauth"), &json!("SAML_2_0")));
    assert_eq!(app["settings"]["app"], body["settings"]["app"]);
    assert_eq!(app["features"], json!([]));
    let id = app["id"].as_str().unwrap();
    body["settings"] = json!({ "app": { "region": "us" } });
    body["label"] = json!("Customers");
    let app = server.put(&format!("/apps/{id}"), &body).expect(200).body;
    assert_eq!(app["settings"]["app"], json!({ "baseUrl": "https://crm.example.org/scim", "region": "us" }));
    body["name"] = json!("bookmark");
    server.put(&format!("/apps/{id}"), &body).refused(400, "E0000001");
}

#[test]
fn replacing_leaves_nothing_of_what_was_said_before() {
    let server = Server::start();
    let mut body = bookmark("Wiki");
    body["settings"]["notes"] = json!({ "admin": "old" });
    let id = create(&server, &body);
    let path = format!("/apps/{id}");
    let mut body = bookmark("Handbook");
    body["settings"]["app"]["url"] = json!("https://handbook.example.org");
    // What clients read they send back whole.
    body["_links"] = json!({ "users": { "href": "x" } });
    body["status"] = json!("INACTIVE");
    let app = server.put(&path, &body).expect(200);
    assert!(app.headers.contains_key("x-muster-plan"));
    assert_eq!((&app.body["label"], &app.body["status"]), (&json!("Handbook"), &json!("ACTIVE")));
    assert_eq!(app.body["settings"]["app"]["url"], "https://handbook.example.org");
    assert_eq!(app.body["settings"]["notes"]["admin"], json!(null));
    // Saying it again changes nothing.
    assert!(!server.put(&path, &body).expect(200).headers.contains_key("x-muster-plan"));
    let preview = server.put(&format!("{path}?preview=true"), &bookmark("Other")).expect(200);
    assert_eq!(preview.body["status"], "PLANNED");
    assert_eq!(server.get(&path).body["label"], "Handbook");
}

#[test]
fn applications_are_deactivated_before_they_are_deleted() {
    let server = Server::start();
    let id = create(&server, &scim("CRM"));
    let path = format!("/apps/{id}");
    let user = server.user("ann@example.org");
    server.post(&format!("{path}/users"), &json!({ "id": user, "scope": "USER" })).expect(200);
    let refused = server.delete(&path).refused(403, "E0000056");
    assert_eq!(
        refused.body["errorCauses"][0]["errorSummary"],
        "The application must be deactivated before deletion."
    );
    assert_eq!(server.call(&format!("{path}/lifecycle/deactivate")).expect(200).body, json!({}));
    assert_eq!(server.get(&path).body["status"], "INACTIVE");
    assert_eq!(server.get(&format!("{path}/users")).expect(200).body, json!([]));
    assert_eq!(server.call(&format!("{path}/lifecycle/activate")).expect(200).body, json!({}));
    assert_eq!(server.get(&format!("{path}/users")).body[0]["id"], user.as_str());
    server.call(&format!("{path}/lifecycle/deactivate")).expect(200);
    let gone = server.delete(&path).expect(204);
    assert!(gone.headers.contains_key("x-muster-plan"));
    server.get(&path).refused(404, "E0000007");
    server.call(&format!("{path}/lifecycle/activate")).refused(404, "E0000007");
    assert_eq!(server.get("/apps").body, json!([]));
}

#[test]
fn lists_are_searched_filtered_and_paged() {
    let server = Server::start();
    let wiki = create(&server, &bookmark("Wiki"));
    let crm = create(&server, &scim("CRM"));
    let mail = server.post("/apps?activate=false", &bookmark("Mail")).expect(200).body["id"].clone();
    let user = server.user("ann@example.org");
    server.post(&format!("/apps/{crm}/users"), &json!({ "id": user })).expect(200);
    let list = |query: &str| -> Vec<Json> {
        let reply = server.get(&format!("/apps?{query}")).expect(200);
        reply.body.as_array().unwrap().iter().map(|a| a["id"].clone()).collect()
    };
    assert_eq!(list("q=wi"), [json!(wiki)]);
    assert_eq!(list("q=scim2"), [json!(crm)]);
    assert_eq!(list("filter=status%20eq%20%22ACTIVE%22&limit=200"), [json!(wiki), json!(crm)]);
    assert_eq!(list("filter=status%20eq%20%22INACTIVE%22"), [mail]);
    assert_eq!(list("filter=name%20eq%20%22bookmark%22%20and%20status%20eq%20%22ACTIVE%22"), [json!(wiki)]);
    assert_eq!(list(&format!("filter=id%20eq%20%22{crm}%22")), [json!(crm)]);
    let of_ann = format!("filter=user.id%20eq%20%22{user}%22");
    assert_eq!(list(&of_ann), [json!(crm)]);
    assert_eq!(list("filter=user.id%20eq%20%22nobody%22"), [] as [Json; 0]);
    let with_her = server.get(&format!("/apps?{of_ann}&expand=user/{user}")).expect(200);
    assert_eq!(with_her.body[0]["_embedded"]["user"]["id"], user.as_str());
    assert!(server.get(&format!("/apps/{wiki}?expand=user/{user}")).body.get("_embedded").is_none());
    server.get("/apps?filter=label%20eq%20%22x%22").refused(400, "E0000031");
    server.get("/apps?filter=status%20sw%20%22A%22").refused(400, "E0000031");
    server.get("/apps?after=nonsense").refused(400, "E0000029");
    let page = server.get("/apps?limit=2").expect(200);
    assert_eq!(page.link("self").unwrap(), server.url("/apps?limit=2"));
    let next = server.get(&page.link("next").unwrap()).expect(200);
    assert_eq!((next.body.as_array().unwrap().len(), next.link("next")), (1, None));
    assert_eq!(server.get("/apps").expect(200).link("self").unwrap(), server.url("/apps?limit=20"));
}

#[test]
fn applications_of_an_org_file_look_the_same_and_all_can_be_exported() {
    let server = Server::start();
    let file = r#"
        [org]
        name = "X"
        [groups]
        Sales = ""
        [apps.travel]
        label = "Travel desk"
        kind = "manual"
        groups = ["Sales"]
        [apps.travel.provisioning]
        [apps.intranet]
        kind = "bookmark"
        [apps.intranet.settings]
        url = "https://intranet.example.org"
    "#;
    server
        .muster
        .org_apply(&server.admin, "org.toml", file, ImportOptions::default(), &muster_service::plan::Quiet)
        .unwrap();
    let apps = server.get("/apps").expect(200).body;
    let named = |name: &str| apps.as_array().unwrap().iter().find(|a| a["label"] == name).unwrap().clone();
    assert_eq!(named("intranet")["signOnMode"], "BOOKMARK");
    assert_eq!(named("intranet")["settings"]["app"]["url"], "https://intranet.example.org");
    assert_eq!(
        (&named("Travel desk")["name"], &named("Travel desk")["settings"]["manualProvisioning"]),
        (&json!("travel"), &json!(true))
    );
    let sales = server.muster.groups().unwrap().into_iter().find(|g| g.profile.name == "Sales").unwrap().id;
    let given = server.get(&format!("/apps?filter=group.id%20eq%20%22{sales}%22")).expect(200);
    assert_eq!(given.body[0]["label"], "Travel desk");
    // What clients say outlives an export and its application.
    let mut body = bookmark("Wiki");
    body["settings"]["notes"] = json!({ "admin": "kept", "enduser": "\"quoted\" 'too'" });
    let id = create(&server, &body);
    let before = server.get(&format!("/apps/{id}")).body;
    let exported = server.muster.org_export().unwrap();
    let applied = server
        .muster
        .org_apply(
            &server.admin,
            "org.toml",
            &exported,
            ImportOptions::default(),
            &muster_service::plan::Quiet,
        )
        .unwrap();
    assert!(applied.items.is_empty(), "{:?}", applied.items);
    assert_eq!(server.get(&format!("/apps/{id}")).body, before);
}
