// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/datafolder.h"

#include "core/base/error.h"

#include <cstdlib>

// Each resource lies in the read-only data between two symbols. The assembler copies the file: no array literals for
// the compiler to chew on.
#define REKEY_JOIN_(a, b) a##b
#define REKEY_JOIN(a, b) REKEY_JOIN_(a, b)
#define REKEY_TEXT_(x) #x
#define REKEY_TEXT(x) REKEY_TEXT_(x)

#define REKEY_EMBED(id, file)                                                                                          \
    asm(".section .rodata\n"                                                                                           \
        ".global rekey_resource_" REKEY_TEXT(id) "_begin\n"                                                            \
        "rekey_resource_" REKEY_TEXT(id) "_begin:\n.incbin \"" file "\"\n"                                             \
        ".global rekey_resource_" REKEY_TEXT(id) "_end\n"                                                              \
        "rekey_resource_" REKEY_TEXT(id) "_end:\n.byte 0\n.previous\n");                                               \
    extern "C" const char REKEY_JOIN(REKEY_JOIN(rekey_resource_, id), _begin)[];                                       \
    extern "C" const char REKEY_JOIN(REKEY_JOIN(rekey_resource_, id), _end)[];

#include "resources.inc"

namespace rekey {

namespace {

struct Embedded
{
    std::string_view name;
    const char *begin;
    const char *end;
};

#undef REKEY_EMBED
#define REKEY_EMBED(id, file)
constexpr Embedded end = {};
const Embedded embedded[] = {
#define REKEY_ROW(id, name)                                                                                            \
    {name, REKEY_JOIN(REKEY_JOIN(rekey_resource_, id), _begin), REKEY_JOIN(REKEY_JOIN(rekey_resource_, id), _end)},
#include "resourcerows.inc"
    end,
};

} // namespace

std::string_view resource(std::string_view name)
{
    for (const Embedded &row : embedded) {
        if (!row.name.empty() && row.name == name)
            return {row.begin, static_cast<std::size_t>(row.end - row.begin)};
    }
    return {};
}

std::vector<std::string_view> resources(std::string_view prefix)
{
    std::vector<std::string_view> names;
    for (const Embedded &row : embedded) {
        if (!row.name.empty() && row.name.starts_with(prefix))
            names.push_back(row.name);
    }
    return names;
}

std::filesystem::path demoFolder()
{
    namespace fs = std::filesystem;
    std::vector<fs::path> places;
    if (const char *given = std::getenv("REKEY_DATA_DIR"))
        places.emplace_back(given);
    std::error_code ignored;
    const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
    if (!program.empty())
        places.push_back(program.parent_path().parent_path() / REKEY_INSTALLED_DATA);
    places.emplace_back(REKEY_SOURCE_DATA);
    for (const fs::path &place : places) {
        if (fs::is_directory(place / "demo", ignored))
            return place / "demo";
    }
    throw Error({}, "demo", "no folder with the demo's files; looked below " + places.back().string()
                    + "; set REKEY_DATA_DIR to the folder that holds 'demo'");
}

} // namespace rekey
