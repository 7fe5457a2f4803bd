//! A client that writes, remembers what was acknowledged, and finds out what became of what wasn't.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::numbers::Numbers;

/// What a person is known to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) status: &'static str,
    pub(crate) title: String,
    pub(crate) department: &'static str,
}

/// Somebody this client has made. Nobody else writes her.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) login: String,
    pub(crate) id: String,
    pub(crate) state: State,
}

/// A client with people of its own.
pub(crate) struct Client {
    name: u64,
    numbers: Numbers,
    base: String,
    authorization: String,
    http: reqwest::Client,
    people: Vec<Person>,
    made: u64,
}

/// What became of a request.
enum Sent {
    Answered(StatusCode, Value),
    /// The connection broke: it may have been done.
    Unknown,
}

const DEPARTMENTS: [&str; 3] = ["Sales", "Finance", "Production"];

impl Client {
    pub(crate) fn new(name: u64, seed: u64, address: SocketAddr, token: &str) -> Self {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
        Self {
            name,
            numbers: Numbers::new(seed.wrapping_mul(31).wrapping_add(name)),
            base: format!("http://{address}/api/v1"),
            authorization: format!("SSWS {token}"),
            http,
            people: Vec::new(),
            made: 0,
        }
    }

    /// Writes until told to stop; gives everybody with the last state that was acknowledged or found out.
    pub(crate) fn work(mut self, stop: &AtomicBool, writes: &AtomicU64) -> Vec<Person> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            while !stop.load(Ordering::Relaxed) {
                if self.people.len() < 4 || self.numbers.below(4) == 0 {
                    self.create(writes).await;
                } else {
                    self.change(writes).await;
                }
            }
        });
        self.people
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Sent {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .header("authorization", &self.authorization);
        if let Some(body) = body {
            request = request.json(body);
        }
        let Ok(response) = request.send().await else { return Sent::Unknown };
        let status = response.status();
        match response.text().await {
            Ok(text) => Sent::Answered(status, serde_json::from_str(&text).unwrap_or_default()),
            Err(_) => Sent::Unknown,
        }
    }

    /// Reads somebody, however long the server is away.
    async fn read(&self, name: &str) -> Option<Value> {
        loop {
            match self.send(Method::GET, &format!("/users/{name}"), None).await {
                Sent::Answered(StatusCode::OK, user) => return Some(user),
                Sent::Answered(StatusCode::NOT_FOUND, _) => return None,
                Sent::Answered(status, body) if !status.is_server_error() => panic!("{status}: {body}"),
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    async fn create(&mut self, writes: &AtomicU64) {
        self.made += 1;
        let login = format!("c{}n{}@faults.example", self.name, self.made);
        let department = DEPARTMENTS[self.numbers.below(3) as usize];
        let title = format!("Title {}", self.numbers.below(1000));
        let body = json!({
            "profile": {
                "login": login, "email": login, "firstName": "Client", "lastName": format!("N{}", self.made),
                "displayName": login, "title": title, "department": department,
            },
            "credentials": { "password": { "value": "Abcd1234!" } },
        });
        let id = match self.send(Method::POST, "/users", Some(&body)).await {
            Sent::Answered(StatusCode::OK, user) => {
                writes.fetch_add(1, Ordering::Relaxed);
                user["id"].as_str().unwrap().to_owned()
            }
            Sent::Answered(status, body) => {
                assert!(status.is_server_error(), "{status}: {body}");
                return;
            }
            Sent::Unknown => match self.read(&login).await {
                Some(user) => user["id"].as_str().unwrap().to_owned(),
                None => return,
            },
        };
        let state = State { status: "ACTIVE", title, department };
        self.people.push(Person { login, id, state });
    }

    async fn change(&mut self, writes: &AtomicU64) {
        let who = self.numbers.below(self.people.len() as u64) as usize;
        let Person { id, state: before, .. } = self.people[who].clone();
        let (path, body, after) = match (before.status, self.numbers.below(8)) {
            ("DEPROVISIONED", _) => {
                ("/lifecycle/activate", None, State { status: "ACTIVE", ..before.clone() })
            }
            ("SUSPENDED", _) => ("/lifecycle/unsuspend", None, State { status: "ACTIVE", ..before.clone() }),
            (_, 0) => ("/lifecycle/suspend", None, State { status: "SUSPENDED", ..before.clone() }),
            (_, 1) => ("/lifecycle/deactivate", None, State { status: "DEPROVISIONED", ..before.clone() }),
            (_, 2..=4) => {
                let title = format!("Title {}", self.numbers.below(1000));
                let body = json!({ "profile": { "title": title } });
                ("", Some(body), State { title, ..before.clone() })
            }
            _ => {
                let department = DEPARTMENTS[self.numbers.below(3) as usize];
                let body = json!({ "profile": { "department": department } });
                ("", Some(body), State { department, ..before.clone() })
            }
        };
        match self.send(Method::POST, &format!("/users/{id}{path}"), body.as_ref()).await {
            Sent::Answered(StatusCode::OK, _) => {
                writes.fetch_add(1, Ordering::Relaxed);
                self.people[who].state = after;
            }
            Sent::Answered(status, body) => assert!(status.is_server_error(), "{status}: {body}"),
            Sent::Unknown => {
                let user = self.read(&id).await.unwrap_or_else(|| panic!("{id} is gone"));
                // It was done as a whole or not at all.
                if fits(&user, &after) {
                    self.people[who].state = after;
                } else {
                    assert!(fits(&user, &before), "neither {before:?} nor {after:?}: {user}");
                }
            }
        }
    }
}

/// Whether a user as the API shows her is so.
pub(crate) fn fits(user: &Value, state: &State) -> bool {
    user["status"] == state.status
        && user["profile"]["title"] == state.title.as_str()
        && user["profile"]["department"] == state.department
}
