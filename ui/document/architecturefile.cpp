// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/architecturefile.h"

#include "core/base/datafolder.h"
#include "core/base/error.h"
#include "core/checkpoint/schematext.h"

namespace rekey::ui {

CheckpointPtr openExample(const Architecture::Example &example)
{
    const std::string_view text = resource(example.schema);
    if (text.empty())
        throw Error(example.schema, "resource", "is not part of this build");
    Schema schema = schemaFromJson(text, example.schema);
    schema.name = example.name;
    return checkpointFromSchema(std::move(schema));
}

} // namespace rekey::ui
