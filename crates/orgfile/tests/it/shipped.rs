//! The files that come with Muster.

use muster_engine::GroupKind;
use muster_orgfile::{export, parse};

use crate::{changes, compiled, org, read};

const DEMO: &str = include_str!("../../../../demo/org.toml");
const DOCS: &str = include_str!("../../../../docs/org-file.md");

/// All examples in TOML of the documentation.
fn examples() -> String {
    let mut blocks = Vec::new();
    for block in DOCS.split("\n```toml\n").skip(1) {
        blocks.push(block.split("\n```").next().unwrap());
    }
    assert_eq!(blocks.len(), 21);
    blocks.join("\n")
}

#[test]
fn the_demo_compiles() {
    let config = compiled(&org(DEMO));
    assert_eq!(config.sources.len(), 1);
    assert_eq!(config.targets.len(), 3);
    assert_eq!(config.rules.len(), 13);
    assert!(config.everyone.is_some());
    let columns: Vec<_> =
        config.org.app_named("hr").unwrap().1.feed.as_ref().unwrap().columns.iter().collect();
    let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(
        names.join(","),
        "employee_number,first_name,last_name,hire_date,department_number,department,title,\
                                 manager_employee_number,status,termination_date"
    );
    // The rules about departments are found by value, not tried one by one.
    assert_eq!(config.open_rules.len(), 4);
}

#[test]
fn the_examples_of_the_documentation_make_up_an_org() {
    let config = compiled(&org(&examples()));
    assert_eq!(config.targets.len(), 3);
    let email = config.attribute(config.slot("employeeNumber").unwrap()).unwrap();
    assert!(email.def.unique);
}

#[test]
fn the_documentation_names_every_key() {
    let tables = "org org.guard org.mail org.retention attributes.a links.a groups.a rules.a apps.a apps.a.feed apps.a.feed.terminated apps.a.feed.deleted \
                  apps.a.feed.columns.a apps.a.source apps.a.source.confirm apps.a.to_user.a apps.a.provisioning apps.a.to_app.a \
                  apps.a.groups.a apps.a.guard org.guard.people groups.a.guard";
    for table in tables.split_whitespace() {
        let needed = if table.contains(".to_") { "expression = ''\n" } else { "" };
        let errors = parse(&format!("[{table}]\n{needed}qqqq = 1")).unwrap_err();
        let listed = errors.iter().find_map(|error| error.reason.split_once("the keys here are ")).unwrap().1;
        for key in listed.split(", ") {
            let is_table = key == "expression" || DOCS.contains(&format!("apps.….{key}]"));
            assert!(is_table || DOCS.contains(&format!("`{key}`")), "{table}: {key}");
        }
    }
}

#[test]
fn what_is_shipped_comes_back_from_an_export() {
    for text in [DEMO, &examples()] {
        let org = org(text);
        assert_eq!(changes(&read(text), &org).unwrap(), []);
        let written = export(&org, &|_| None);
        assert_eq!(changes(&read(&written), &org).unwrap(), [], "{written}");
        // Written from an org made from what was written, it is the same text.
        assert_eq!(export(&crate::org(&written), &|_| None), written);
        assert!(org.groups.values().filter(|g| g.kind == GroupKind::BuiltIn).count() == 1);
    }
}
