// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/mapping/resolution.h"

#include <cstdint>
#include <cstdlib>

using namespace rekey;

namespace {

/// A few keys and shapes, so that patterns are matched and transforms calculated.
const Schema &schema()
{
    static const Schema schema = [] {
        Schema result;
        for (const auto &[key, shape] : {std::pair<const char *, Shape> {"a", {}},
                                         {"a.0", {4}},
                                         {"a.1.weight", {4, 6}},
                                         {"b.0.q", {8, 4}},
                                         {"b.0.k", {8, 4}},
                                         {"b/1/kernel", {1, 17, 3}},
                                         {"b.10.norm1.bias", {0, 3}},
                                         {"x", {std::int64_t(1) << 60, 8}}})
            result.tensors.push_back({key, shape, DType::F32, static_cast<std::uint32_t>(result.tensors.size())});
        return result;
    }();
    return schema;
}

} // namespace

/// Whatever is read is written and read again as the same, and can be resolved, inverted and shown.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    try {
        const Mapping mapping = mappingFromJson({reinterpret_cast<const char *>(data), size}, "input");
        const std::string json = mappingToJson(mapping);
        const Mapping again = mappingFromJson(json, "again");
        if (again != mapping || mappingToJson(again) != json)
            std::abort();
        const Resolution resolution = resolve(mapping, schema(), schema());
        for (const Rule &rule : mapping.rules) {
            if (!(parseTransform(transformText(rule.transform)) == rule.transform))
                std::abort();
        }
        invert(mapping, resolution, schema(), schema());
        outputSchema(mapping, schema());
    } catch (const Error &) {
    }
    return 0;
}
