//! What is generated for a division.

use super::tells::tells;
use crate::generate_division::{
    DeskGenerated, Generation, ModuleGenerated, SkeletonGenerated, TestGenerated,
};

tells! {
    Generation;
    SkeletonGenerated, of pass, by generated_by: |fact, division|
        format!("Skeleton of {division} generated in {}", fact.skeleton.workspace_path);
    DeskGenerated, of pass, by generated_by: |fact, division| format!("Desk {} of {division} generated", fact.desk_name);
    ModuleGenerated, of pass, by generated_by: |fact, division|
        format!("Module {} of {division} generated", fact.module.module_name);
    TestGenerated, of pass, by generated_by: |fact, division| format!("Test {} of {division} generated", fact.test.test_name);
}
