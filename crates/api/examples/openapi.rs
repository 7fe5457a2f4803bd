//! Prints the OpenAPI document: `cargo run -p muster-api --example openapi > docs/openapi.json`.
#![expect(clippy::print_stdout, reason = "printing it is what this program is for")]

fn main() -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(&muster_api::openapi())?);
    Ok(())
}
