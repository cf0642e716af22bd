//! The page about the catalogue lists what there is, and the dashboard shows it in the same order.

use sim::scenario::FAMILIES;

use super::all;

#[test]
fn the_dashboard_orders_the_families_alike() {
    let source = include_str!("../../../../../ui-dashboard/src/features/simulation/scenario-families.ts");
    let order = FAMILIES.map(|family| format!("\"{family}\"")).join(", ");
    assert!(
        source.contains(&format!("const ORDER = [{order}];")),
        "scenario-families.ts should have {order}"
    );
}

#[test]
fn the_table_of_the_docs_lists_every_scenario() {
    let page = include_str!("../../../../../docs/scenarios.md");
    let section = page.split("\n## ").find(|section| section.starts_with("The catalogue")).unwrap();
    let listed: Vec<&str> = section.lines().filter(|line| line.starts_with("| `")).collect();
    let mut all = all();
    let rank = |family: &str| FAMILIES.iter().position(|known| *known == family);
    all.sort_by_key(|one| (rank(&one.family), one.truth.difficulty, one.name.clone()));
    let there_are: Vec<String> = all
        .iter()
        .map(|one| {
            let difficulty =
                if one.truth.difficulty == 0 { "–".to_owned() } else { one.truth.difficulty.to_string() };
            let description = one.description.replace('|', "\\|");
            format!(
                "| `{}` | {} | {difficulty} | {} | {description} |",
                one.family, one.name, one.topology.name
            )
        })
        .collect();
    assert!(listed == there_are, "the table of docs/scenarios.md should be:\n{}", there_are.join("\n"));
    let explained =
        |word: &str| assert!(page.contains(&format!("\n| `{word}` | ")), "{word} is not explained");
    for family in FAMILIES {
        explained(family);
    }
    for one in all {
        explained(&one.topology.name);
    }
}
