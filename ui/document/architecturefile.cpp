// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/architecturefile.h"

#include "core/base/datafolder.h"
#include "core/base/error.h"

#include <QDir>
#include <QTemporaryFile>

namespace rekey::ui {

CheckpointPtr openExample(const Architecture::Example &example)
{
    const std::string_view text = resource(example.schema);
    if (text.empty())
        throw Error(example.schema, "resource", "is not part of this build");
    // Core reads schemas from files only; this one lies in the program.
    QTemporaryFile file(QDir::tempPath() + QStringLiteral("/rekey-XXXXXX.json"));
    if (!file.open() || file.write(text.data(), static_cast<qint64>(text.size())) != static_cast<qint64>(text.size()) || !file.flush())
        throw Error(file.fileName().toStdString(), "schema",
                    "cannot be written to the temporary folder: " + file.errorString().toStdString());
    Schema schema = openCheckpoint(file.fileName().toStdString())->schema();
    schema.name = example.name;
    return checkpointFromSchema(std::move(schema));
}

} // namespace rekey::ui
