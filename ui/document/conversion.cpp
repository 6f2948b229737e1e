// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/conversion.h"

#include "core/base/atomicfile.h"
#include "core/base/error.h"
#include "ui/theme/displaytext.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QStringList>

namespace rekey::ui {

namespace {

QString translated(const char *text)
{
    return QCoreApplication::translate("Conversion", text);
}

} // namespace

const Exporter *exporterNamed(std::string_view id)
{
    for (const Exporter &row : exporters()) {
        if (row.id == id)
            return &row;
    }
    return nullptr;
}

QString exporterText(const Exporter &exporter)
{
    return QString::fromUtf8(exporter.description.data(), static_cast<qsizetype>(exporter.description.size()));
}

std::filesystem::path withSuffix(const std::filesystem::path &weights, std::string_view suffix)
{
    std::filesystem::path path = weights;
    path.replace_extension();
    path += suffix;
    return path;
}

void writeExport(const std::string &exporterId, const ExportInput &input, const std::filesystem::path &path)
{
    const std::string text = exporterById(exporterId).write(input);
    AtomicFile file(path);
    file.write(text);
    file.commit();
}

ConvertOutcome carryOut(const ConvertChoice &choice, const Progress &progress)
{
    QElapsedTimer timer;
    timer.start();
    ConvertOutcome outcome;
    outcome.report = convertCheckpoint(choice.request, progress.part(0, 0.95));
    const Schema &source = choice.request.source->schema(), &target = choice.request.target->schema();
    const Resolution resolution = resolve(choice.request.mapping, source, target);
    const ExportInput input{&choice.request.mapping, &source, &target, &resolution};
    const auto write = [&](std::string_view id, std::string_view suffix) {
        const Exporter *kind = exporterNamed(id);
        if (kind == nullptr)
            return;
        progress.check();
        const std::filesystem::path path = withSuffix(choice.request.destination, suffix);
        writeExport(std::string(id), input, path);
        outcome.beside.push_back(path);
    };
    if (choice.script)
        write("python", ".py");
    if (choice.transformers)
        write("transformers", "_transformers.py");
    if (choice.report)
        write("markdown", ".md");
    if (choice.mapping) {
        const std::filesystem::path path = withSuffix(choice.request.destination, ".rekey.json");
        saveMapping(choice.request.mapping, path);
        outcome.beside.push_back(path);
    }
    outcome.milliseconds = static_cast<double>(timer.nsecsElapsed()) / 1e6;
    return outcome;
}

QString ConvertOutcome::text() const
{
    QStringList names;
    for (const auto &files : {report.files, beside}) {
        for (const std::filesystem::path &file : files)
            names.append(QString::fromStdString(file.filename().string()));
    }
    QString text
        = translated("Converted %1 tensors, %2, in %3: %4.")
              .arg(countText(report.tensors), bytesText(report.bytes), durationText(milliseconds), names.join(QStringLiteral(", ")));
    if (report.rounding.largest > 0)
        text += QLatin1Char(' ') + translated("Largest rounding %1.").arg(errorText(report.rounding.largest));
    if (report.rounding.overflows > 0)
        text += QLatin1Char(' ') + translated("%1 values overflowed.").arg(countText(report.rounding.overflows));
    for (const std::string &warning : report.warnings)
        text += QLatin1Char(' ') + keyText(warning) + (warning.ends_with('.') ? QString() : QStringLiteral("."));
    return text;
}

} // namespace rekey::ui
