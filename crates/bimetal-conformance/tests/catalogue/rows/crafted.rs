//! Files that were made to look like another one than the loader loads.
//!
//! In: a Rust plugin that the builder made, with one header or table bent. Out: rows. Invariant:
//! the loader would take most of these files, and load something else than what was read, die, or
//! find nothing; a Collector refuses each before any of its code runs.

use object::elf;

use super::rows;
use crate::bent::Bent;
use crate::collector::refuses;
use crate::native::{Library, c};
use crate::predict::alone;
use crate::reality::{self, FACTORY};
use crate::row::{Decider, Finding, Symptom};
use crate::scene::{RUST_PLUGIN, Scene};

rows!(
    a_page_that_a_later_segment_covers,
    a_needed_library_behind_the_end_of_the_dynamic_segment,
    a_second_entry_for_the_string_table,
    an_executable_stack_without_a_writable_one,
    a_file_that_does_not_say_what_stack_it_needs,
    a_symbol_table_that_its_section_header_makes_shorter,
    a_factory_that_is_in_no_hash_table,
    a_factory_that_chooses_its_code_when_it_is_loaded,
    a_second_segment_of_thread_local_variables,
    a_static_tls_block_that_no_flag_tells,
    a_plugin_that_is_called_like_a_library,
    a_relocation_that_changes_the_dynamic_segment,
    a_relocation_of_a_type_that_no_loader_knows,
    a_needed_version_with_another_hash,
    an_abi_version_of_another_system,
    an_initialisation_function_in_data,
    half_of_a_function_that_runs_at_the_end,
);

fn bent(bend: impl FnOnce(&mut Bent)) -> Finding {
    let scene = Scene::unpinned();
    Bent::edit(&scene.plugin(RUST_PLUGIN), bend);
    refuses(&scene, RUST_PLUGIN, "rust_probe")
}

/// The last bytes of the first segment's page are the second segment's now, as is the whole page
/// when the loader maps it.
fn a_page_that_a_later_segment_covers() -> Finding {
    bent(|file| {
        let first = file.segment(elf::PT_LOAD);
        let note = file.segment(elf::PT_NOTE);
        let copy = file.bytes.len().next_multiple_of(4096);
        let mut page = file.bytes[..4096].to_vec();
        page[0x200] ^= 1;
        file.bytes.resize(copy, 0);
        file.bytes.extend(page);
        let end = file.u64(first + 40);
        let place = end.next_multiple_of(16);
        let header = [
            u64::from(elf::PT_LOAD.0) | u64::from(elf::PF_R.0) << 32,
            copy as u64 + place % 4096,
            place,
            place,
            8,
            8,
            4096,
        ];
        // Segments are in order: the others move up to the place of the note.
        let between = file.bytes[first + 56..note].to_vec();
        let new: Vec<u8> = header.iter().flat_map(|word| word.to_le_bytes()).collect();
        file.put(first + 56, &new);
        file.put(first + 112, &between);
    })
}

fn a_needed_library_behind_the_end_of_the_dynamic_segment() -> Finding {
    bent(|file| {
        let name = file.string("libc.so.6");
        let place = file.add_dynamic(elf::DT_NEEDED, name);
        let segment = file.segment(elf::PT_DYNAMIC);
        let start = file.u64(segment + 8);
        let length = place as u64 - start;
        file.put(segment + 32, &length.to_le_bytes());
    })
}

fn a_second_entry_for_the_string_table() -> Finding {
    bent(|file| {
        let address = file.u64(file.dynamic(elf::DT_SYMTAB) + 8);
        file.instead_of_a_count(elf::DT_STRTAB, address);
    })
}

fn an_executable_stack_without_a_writable_one() -> Finding {
    bent(|file| {
        let segment = file.segment(elf::PT_GNU_STACK);
        file.put(segment + 4, &(elf::PF_R.0 | elf::PF_X.0).to_le_bytes());
    })
}

fn a_file_that_does_not_say_what_stack_it_needs() -> Finding {
    bent(|file| {
        let segment = file.segment(elf::PT_GNU_STACK);
        file.put(segment, &elf::PT_NULL.0.to_le_bytes());
    })
}

fn a_symbol_table_that_its_section_header_makes_shorter() -> Finding {
    bent(|file| {
        let (header, range) = file.section(".dynsym");
        let size = range.len() as u64 - 24;
        file.put(header + 32, &size.to_le_bytes());
    })
}

fn a_factory_that_is_in_no_hash_table() -> Finding {
    bent(|file| {
        let (_, range) = file.section(".gnu.hash");
        let last = range.end - 4;
        let hash = file.u32(last) ^ 0x100;
        file.put(last, &hash.to_le_bytes());
    })
}

fn a_factory_that_chooses_its_code_when_it_is_loaded() -> Finding {
    bent(|file| {
        let symbol = file.symbol(FACTORY);
        file.put(symbol + 4, &[elf::STB_GLOBAL.0 << 4 | elf::STT_GNU_IFUNC.0]);
    })
}

fn a_second_segment_of_thread_local_variables() -> Finding {
    bent(|file| {
        let (tls, note) = (file.segment(elf::PT_TLS), file.segment(elf::PT_NOTE));
        let copy = file.bytes[tls..tls + 56].to_vec();
        file.put(note, &copy);
        file.put(note + 40, &(1_u64 << 20).to_le_bytes());
    })
}

fn a_static_tls_block_that_no_flag_tells() -> Finding {
    let variable = "__thread __attribute__((tls_model(\"initial-exec\"))) volatile char \
                    block[1 << 14];\n\n";
    let mut library = Library::c().edit("return ANSWER", "return block[0] ? \"\" : ANSWER");
    library.source.insert_str(0, variable);
    let plugin = c("untold-tls", &library);
    Bent::edit(&plugin, |file| {
        let flags = file.dynamic(elf::DT_FLAGS);
        let without = file.u64(flags + 8) & !elf::DF_STATIC_TLS.0;
        file.put(flags + 8, &without.to_le_bytes());
    });
    let main = crate::go::main();
    Finding {
        decider: Decider::Loader,
        symptom: Symptom::Error,
        predicted: alone(&main, &plugin),
        seen: reality::native(&main, &plugin, "shell"),
    }
}

fn a_plugin_that_is_called_like_a_library() -> Finding {
    bent(|file| {
        let name = file.string("libc.so.6");
        file.instead_of_a_count(elf::DT_SONAME, name);
    })
}

fn a_relocation_that_changes_the_dynamic_segment() -> Finding {
    bent(|file| {
        let needed = file.u64(file.segment(elf::PT_DYNAMIC) + 16) + 8;
        let relocation = file.relocation(elf::R_X86_64_RELATIVE);
        file.put(relocation, &needed.to_le_bytes());
    })
}

fn a_relocation_of_a_type_that_no_loader_knows() -> Finding {
    bent(|file| {
        let relocation = file.relocation(elf::R_X86_64_GLOB_DAT);
        file.put(relocation + 8, &200_u32.to_le_bytes());
    })
}

fn a_needed_version_with_another_hash() -> Finding {
    bent(|file| {
        let (_, range) = file.section(".gnu.version_r");
        // The first library, then its first version: its hash comes first.
        let version = range.start + 16;
        let hash = file.u32(version) ^ 1;
        file.put(version, &hash.to_le_bytes());
    })
}

fn an_abi_version_of_another_system() -> Finding {
    bent(|file| file.put(8, &[1]))
}

/// The loader calls whatever address stands in the array.
fn an_initialisation_function_in_data() -> Finding {
    bent(|file| {
        let array = file.u64(file.dynamic(elf::DT_INIT_ARRAY) + 8);
        let (_, range) = file.section(".rela.dyn");
        let mut slots = range.step_by(24);
        let slot = slots.find(|place| file.u64(*place) == array).unwrap();
        file.put(slot + 16, &array.to_le_bytes());
    })
}

/// The relocation begins within the last slot of the array, and changes what the loader calls.
fn half_of_a_function_that_runs_at_the_end() -> Finding {
    bent(|file| {
        let value = |tag| file.u64(file.dynamic(tag) + 8);
        let (array, length) = (value(elf::DT_FINI_ARRAY), value(elf::DT_FINI_ARRAYSZ));
        let starts = value(elf::DT_INIT_ARRAY);
        let (_, range) = file.section(".rela.dyn");
        let mut others = range.step_by(24).filter(|place| {
            let address = file.u64(*place);
            let is_relative = file.u32(place + 8) == elf::R_X86_64_RELATIVE.0;
            is_relative && !(starts..array + length).contains(&address)
        });
        let other = others.next().unwrap();
        file.put(other, &(array + length - 4).to_le_bytes());
    })
}
