//! What a service provider tells about itself (RFC 7643, sections 5 to 7; RFC 7644, section 4), for users.

use serde_json::{Map, Value, json};

use crate::urn::{ENTERPRISE_USER, RESOURCE_TYPE, SCHEMA, SERVICE_PROVIDER_CONFIG, USER};

/// The document at `/ServiceProviderConfig` of a server with PATCH, filters and bearer tokens. `base` is the URL in
/// front of it, `max_results` how many resources a page may have.
pub fn service_provider_config(base: &str, max_results: usize) -> Value {
    json!({
        "schemas": [SERVICE_PROVIDER_CONFIG],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": max_results },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": false },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A token in the header Authorization (RFC 6750)",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true
        }],
        "meta": { "resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig") }
    })
}

/// The documents at `/ResourceTypes`: users with the enterprise extension.
pub fn resource_types(base: &str) -> Vec<Value> {
    vec![json!({
        "schemas": [RESOURCE_TYPE],
        "id": "User",
        "name": "User",
        "description": "User Account",
        "endpoint": "/Users",
        "schema": USER,
        "schemaExtensions": [{ "schema": ENTERPRISE_USER, "required": false }],
        "meta": { "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/User") }
    })]
}

/// The documents at `/Schemas`: the user and its enterprise extension.
pub fn schemas(base: &str) -> Vec<Value> {
    let document = |id: &str, name: &str, description: &str, attributes: Vec<Attribute>| {
        json!({
            "schemas": [SCHEMA],
            "id": id,
            "name": name,
            "description": description,
            "attributes": attributes.into_iter().map(Attribute::into_json).collect::<Vec<_>>(),
            "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{id}") }
        })
    };
    vec![
        document(USER, "User", "User Account", user()),
        document(ENTERPRISE_USER, "EnterpriseUser", "Enterprise User", enterprise_user()),
    ]
}

/// An attribute of a schema (RFC 7643, section 7), in the making.
struct Attribute(Map<String, Value>);

impl Attribute {
    fn new(name: &str, kind: &str) -> Self {
        let fields = json!({
            "name": name, "type": kind, "multiValued": false, "required": false,
            "mutability": "readWrite", "returned": "default"
        });
        let mut attribute = Self(fields.as_object().cloned().unwrap_or_default());
        if matches!(kind, "string" | "reference") {
            attribute = attribute.with("caseExact", kind == "reference").with("uniqueness", "none");
        }
        if kind == "reference" {
            attribute = attribute.with("referenceTypes", json!(["external"]));
        }
        attribute
    }

    fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.0.insert(field.to_owned(), value.into());
        self
    }

    fn subs(self, subs: Vec<Self>) -> Self {
        let subs: Vec<Value> = subs.into_iter().map(Self::into_json).collect();
        self.with("subAttributes", subs)
    }

    fn into_json(self) -> Value {
        Value::Object(self.0)
    }
}

fn text(name: &str) -> Attribute {
    Attribute::new(name, "string")
}

fn texts(names: &[&str]) -> Vec<Attribute> {
    names.iter().map(|name| text(name)).collect()
}

fn many(name: &str, mut subs: Vec<Attribute>, types: &[&str]) -> Attribute {
    subs.push(if types.is_empty() {
        text("type")
    } else {
        text("type").with("canonicalValues", json!(types))
    });
    subs.push(Attribute::new("primary", "boolean"));
    Attribute::new(name, "complex").with("multiValued", true).subs(subs)
}

/// RFC 7643, section 8.7.1.
fn user() -> Vec<Attribute> {
    let place = ["work", "home", "other"];
    let phones = ["work", "home", "mobile", "fax", "pager", "other"];
    let value = || texts(&["value", "display"]);
    let reference =
        |name: &str, types: Value| Attribute::new(name, "reference").with("referenceTypes", types);
    let mut all = vec![
        text("userName").with("required", true).with("uniqueness", "server"),
        Attribute::new("name", "complex").subs(texts(&[
            "formatted",
            "familyName",
            "givenName",
            "middleName",
            "honorificPrefix",
            "honorificSuffix",
        ])),
        reference("profileUrl", json!(["external"])),
        Attribute::new("active", "boolean"),
        text("password").with("mutability", "writeOnly").with("returned", "never"),
    ];
    all.extend(texts(&[
        "displayName",
        "nickName",
        "title",
        "userType",
        "preferredLanguage",
        "locale",
        "timezone",
    ]));
    all.extend([
        many("emails", value(), &place),
        many("phoneNumbers", value(), &phones),
        many("ims", value(), &[]),
        many(
            "photos",
            vec![reference("value", json!(["external"])), text("display")],
            &["photo", "thumbnail"],
        ),
        many(
            "addresses",
            texts(&["formatted", "streetAddress", "locality", "region", "postalCode", "country"]),
            &place,
        ),
        many("entitlements", value(), &[]),
        many("roles", value(), &[]),
        many("x509Certificates", vec![Attribute::new("value", "binary"), text("display")], &[]),
    ]);
    all
}

/// RFC 7643, section 8.7.1.
fn enterprise_user() -> Vec<Attribute> {
    let mut all = texts(&["employeeNumber", "costCenter", "organization", "division", "department"]);
    all.push(Attribute::new("manager", "complex").subs(vec![
        text("value"),
        Attribute::new("$ref", "reference").with("referenceTypes", json!(["User"])),
        text("displayName").with("mutability", "readOnly"),
    ]));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_name_where_they_are() {
        let base = "https://example.org/scim/v2";
        assert_eq!(
            schemas(base)[1]["meta"]["location"],
            "https://example.org/scim/v2/Schemas/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
        );
        assert_eq!(resource_types(base)[0]["schema"], USER);
        assert_eq!(service_provider_config(base, 7)["filter"]["maxResults"], 7);
        let emails = schemas(base)[0]["attributes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|a| a["name"] == "emails")
            .cloned();
        assert_eq!(emails.unwrap()["subAttributes"][2]["canonicalValues"], json!(["work", "home", "other"]));
    }
}
