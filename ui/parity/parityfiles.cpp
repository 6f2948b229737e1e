// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/parity/parityfiles.h"

#include "core/base/atomicfile.h"
#include "core/script/exporters.h"
#include "ui/document/session.h"
#include "ui/parity/parityreport.h"
#include "ui/window/settings.h"

#include <QCoreApplication>
#include <QFileDialog>
#include <QFileInfo>

#include <utility>

namespace rekey::ui {

namespace {

struct ParityFiles
{
    Q_DECLARE_TR_FUNCTIONS(rekey::ui::ParityFiles)
};

QString askDestination(QWidget *window, Session &session, const QString &title, const QString &name, const QString &filter)
{
    Settings &settings = session.settings();
    const QString file
        = QFileDialog::getSaveFileName(window, title, settings.lastFolder(QStringLiteral("export")) + QLatin1Char('/') + name, filter);
    if (!file.isEmpty())
        settings.setLastFolder(QStringLiteral("export"), QFileInfo(file).absolutePath());
    return file;
}

Job *write(Jobs &jobs, QObject *receiver, const QString &title, const QString &file, std::function<QByteArray()> text,
           std::function<void()> done)
{
    return jobs.start(
        receiver, QStringLiteral("write"), title,
        [file, text = std::move(text)](const Progress &) {
            const QByteArray bytes = text();
            AtomicFile destination(file.toStdString());
            destination.write(std::string_view(bytes.constData(), static_cast<std::size_t>(bytes.size())));
            destination.commit();
            return true;
        },
        [done = std::move(done)](bool) { done(); });
}

} // namespace

std::optional<ParityReference> askReference(QWidget *window, Settings &settings, ParityReference::Kind kind)
{
    using Kind = ParityReference::Kind;
    ParityReference reference {kind, {}, {}};
    const auto ask = [&](std::filesystem::path &path, const QString &title, const QString &filter) {
        const QString file = QFileDialog::getOpenFileName(window, title, settings.lastFolder(QStringLiteral("open")), filter);
        if (file.isEmpty())
            return false;
        settings.setLastFolder(QStringLiteral("open"), QFileInfo(file).absolutePath());
        path = file.toStdString();
        return true;
    };
    const QString activations = ParityFiles::tr("Activations (*.safetensors *.npz);;All files (*)");
    bool given = true;
    switch (kind) {
    case Kind::Original:
    case Kind::Target: break;
    case Kind::Recorded: given = ask(reference.file, ParityFiles::tr("Open recorded activations"), activations); break;
    case Kind::Files:
        given = ask(reference.file, ParityFiles::tr("Open the reference's activations"), activations)
                && ask(reference.checked, ParityFiles::tr("Open the activations to check"), activations);
        break;
    case Kind::Checkpoint:
        given = ask(reference.file, ParityFiles::tr("Open the checkpoint to compare with"),
                    ParityFiles::tr("Checkpoints (*.safetensors *.pth *.pt *.bin *.ckpt *.json *.gguf *.npz);;All files (*)"));
        break;
    }
    return given ? std::optional(reference) : std::nullopt;
}

QString askReportFile(QWidget *window, Session &session)
{
    return askDestination(window, session, ParityFiles::tr("Save parity report"),
                          QFileInfo(session.name(Side::Source)).completeBaseName() + QStringLiteral("-parity.md"),
                          ParityFiles::tr("Markdown (*.md)"));
}

QString askCaptureFile(QWidget *window, Session &session)
{
    return askDestination(window, session, ParityFiles::tr("Save capture script"), QStringLiteral("capture_activations.py"),
                          ParityFiles::tr("Python scripts (*.py)"));
}

Job *writeReport(Jobs &jobs, QObject *receiver, const std::shared_ptr<const ParityResult> &result, const QString &file,
                 std::function<void()> done)
{
    return write(
        jobs, receiver, ParityFiles::tr("Saving the report"), file, [result] { return parityReport(*result); }, std::move(done));
}

Job *writeCaptureScript(Jobs &jobs, QObject *receiver, const QString &file, std::function<void()> done)
{
    return write(
        jobs, receiver, ParityFiles::tr("Saving the capture script"), file,
        [] {
            // The script is the same for every module: it takes one as an argument.
            static const Mapping noRules;
            return QByteArray::fromStdString(exporterById("capture").write(ExportInput {&noRules, nullptr, nullptr, nullptr}));
        },
        std::move(done));
}

} // namespace rekey::ui
