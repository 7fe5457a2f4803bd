//! The OpenAPI document, as it comes from the handlers.

use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{AnyOfBuilder, Schema};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{ContentBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Required, ResponseBuilder, Type};
use utoipa::{Modify, OpenApi as _};

use crate::plans::wire::Plan;

/// What no operation says by itself.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Muster Management API",
        description = "Identity lifecycle and provisioning in the shapes of Okta's Management API. Every operation that \
                       changes something takes `preview=true` and then answers the plan instead of carrying it out; one \
                       that a guard holds answers 409 and names the plan.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(Plan)),
    modifiers(&Security),
    security(("apiToken" = []))
)]
struct Base;

/// How clients say who they are.
struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_with(Default::default);
        let how = "`SSWS TOKEN`, or `Bearer TOKEN`; `muster token create --name NAME` makes one";
        components.add_security_scheme(
            "apiToken",
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("Authorization", how))),
        );
    }
}

/// The document before any operation is in it.
pub(crate) fn base() -> OpenApi {
    Base::openapi()
}

/// Operations that change something but are no plan of their own: nothing to preview.
const NO_PLANS: [&str; 3] = ["/api/v1/plans", "/api/v1/api-tokens", "/api/v1/tasks"];

/// Adds to every operation that changes something what all of them share: `preview`, and the plan as an answer.
pub(crate) fn add_previews(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        if NO_PLANS.iter().any(|p| path.starts_with(p)) {
            continue;
        }
        let changes = [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in changes.into_iter().flatten() {
            add_preview(operation);
        }
    }
}

fn add_preview(operation: &mut Operation) {
    let parameter = ParameterBuilder::new()
        .name("preview")
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some("Only say what would happen: the plan is answered"))
        .schema(Some(ObjectBuilder::new().schema_type(Type::Boolean).default(Some(false.into()))))
        .build();
    operation.parameters.get_or_insert_with(Vec::new).push(RefOr::T(parameter));
    let plan = Ref::from_schema_name("Plan");
    let answers = &mut operation.responses.responses;
    match answers.get_mut("200") {
        Some(RefOr::T(answer)) => {
            for content in answer.content.values_mut() {
                let RefOr::T(content) = content else { continue };
                if let Some(schema) = content.schema.take() {
                    // Not `oneOf`: a plan also fits a schema without required properties, and then there'd be two.
                    let either = AnyOfBuilder::new().item(schema).item(plan.clone()).build();
                    content.schema = Some(RefOr::T(Schema::AnyOf(either)));
                }
            }
        }
        _ => {
            let content = ContentBuilder::new().schema(Some(plan)).build();
            let answer = ResponseBuilder::new()
                .description("The plan, with `preview=true`")
                .content("application/json", content)
                .build();
            answers.insert("200".to_owned(), RefOr::T(answer));
        }
    }
}
