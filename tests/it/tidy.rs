//! The map of the house is kept true: who may name whom, which crates are confined to which rooms, which are banned altogether, and the shape
//! of the files. Every fault is told in the sentence that mends it. Each rule has tests on made-up files that show that it can fail.

mod house;
mod paths;
mod rooms;
mod tree;

use tree::Tree;

/// A rule: a sentence for each fault.
type Rule = fn(&Tree) -> Vec<String>;

fn hold(rule: Rule) {
    let faults = rule(&Tree::of_the_house());
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_room_has_its_row() {
    hold(rooms::rows);
}

#[test]
fn rooms_name_only_the_rooms_they_may_use() {
    hold(rooms::imports);
}

#[test]
fn confined_crates_are_named_in_their_rooms_only() {
    hold(rooms::crates);
}

#[test]
fn time_is_passed_in() {
    hold(rooms::clocks);
}

#[test]
fn dependencies_are_one_of_a_kind_and_need_no_foreign_tools() {
    hold(house::dependencies);
}

#[test]
fn both_engines_have_the_same_migrations() {
    hold(house::migrations);
}

#[test]
fn functions_are_short() {
    hold(house::functions);
}

#[test]
fn files_are_short_documented_and_where_they_belong() {
    hold(house::files);
}
