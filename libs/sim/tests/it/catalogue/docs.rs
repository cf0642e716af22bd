//! The page about the catalogue lists what there is.

use sim::scenario::FAMILIES;

use super::all;

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
