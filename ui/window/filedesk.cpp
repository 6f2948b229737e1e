// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/filedesk.h"

#include "ui/document/architecturefile.h"
#include "ui/document/conversion.h"
#include "ui/jobs/job.h"
#include "ui/theme/theme.h"
#include "ui/window/exportdialog.h"
#include "ui/window/settings.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QMenu>
#include <QMessageBox>
#include <QPointer>

namespace rekey::ui {

namespace {

QString checkpointFilter()
{
    return FileDesk::tr("Checkpoints (*.safetensors *.pth *.pt *.bin *.ckpt *.json *.gguf *.npz *.npy *.pkl *.tar);;All files (*)");
}

} // namespace

FileDesk::FileDesk(Session &session, QWidget &window)
    : QObject(&window)
    , m_session(session)
    , m_window(window)
{
}

void FileDesk::openSide(Side side, bool folder)
{
    whenMappingIsSafe([this, side, folder] {
        const QString kind = QStringLiteral("open");
        const QString title = side == Side::Source ? tr("Open source") : tr("Open target");
        const QString start = m_session.settings().lastFolder(kind);
        const QString path = folder ? QFileDialog::getExistingDirectory(&m_window, title, start)
                                    : QFileDialog::getOpenFileName(&m_window, title, start, checkpointFilter());
        if (path.isEmpty())
            return;
        m_session.settings().setLastFolder(kind, QFileInfo(path).path());
        m_session.open(side, path.toStdString());
    });
}

void FileDesk::openMapping()
{
    whenMappingIsSafe([this] {
        const QString path
            = QFileDialog::getOpenFileName(&m_window, tr("Open mapping"), m_session.settings().lastFolder(QStringLiteral("mapping")),
                                           tr("Rekey mappings (*.rekey.json);;JSON (*.json)"));
        if (path.isEmpty())
            return;
        m_session.settings().setLastFolder(QStringLiteral("mapping"), QFileInfo(path).path());
        m_session.openMapping(path.toStdString());
    });
}

void FileDesk::openRecent(const RecentPair &pair)
{
    whenMappingIsSafe([this, pair] {
        if (pair.target.isEmpty())
            m_session.open(Side::Source, pair.source.toStdString());
        else
            m_session.openPair(pair.source.toStdString(), pair.target.toStdString());
    });
}

void FileDesk::chooseArchitecture()
{
    QMenu menu;
    for (const Architecture &architecture : architectures()) {
        menu.addSection(QString::fromStdString(architecture.name));
        for (const Architecture::Example &example : architecture.examples) {
            menu.addAction(icon(QStringLiteral("schema")), QString::fromStdString(example.name), this, [this, example] {
                Job *job = m_session.jobs().start(
                    this, QStringLiteral("architecture"), tr("Opening %1").arg(QString::fromStdString(example.name)),
                    [example](const Progress &) { return openExample(example); },
                    [this](const CheckpointPtr &checkpoint) { m_session.openSchema(Side::Target, checkpoint); });
                connect(job, &Job::failed, this, [this](const QString &error) { Q_EMIT messageAsked(error, true); });
            });
        }
    }
    menu.exec(QCursor::pos());
}

void FileDesk::saveMapping(bool askWhere, std::function<void()> then)
{
    MappingDocument &document = m_session.document();
    QString path = QString::fromStdString(document.file().string());
    if (askWhere || path.isEmpty()) {
        const QString folder = m_session.settings().lastFolder(QStringLiteral("mapping"));
        path = QFileDialog::getSaveFileName(&m_window, tr("Save mapping"),
                                            folder + QLatin1Char('/') + m_session.stem(Side::Source)
                                                + QStringLiteral(".rekey.json"),
                                            tr("Rekey mappings (*.rekey.json)"));
        if (path.isEmpty())
            return;
        m_session.settings().setLastFolder(QStringLiteral("mapping"), QFileInfo(path).path());
    }
    Job *job = m_session.jobs().start(
        this, QStringLiteral("save"), tr("Saving the mapping"),
        [mapping = document.mapping(), source = document.source(), target = document.target(), path](const Progress &) {
            Mapping saved = mapping;
            // Whatever it began as: what is saved is what a person sees for this pair.
            if (source && saved.sources.size() <= 1)
                saved.sources = {describeSide(*source)};
            if (target)
                saved.target = describeSide(*target);
            rekey::saveMapping(saved, path.toStdString());
            return true;
        },
        [this, path, then = std::move(then)](bool) {
            m_session.document().markSaved(path.toStdString());
            if (then)
                then();
        });
    connect(job, &Job::failed, this, [this](const QString &error) { Q_EMIT messageAsked(error, true); });
}

void FileDesk::exportMapping(const QString &exporterId)
{
    if (!m_session.hasPair() || !m_session.document().resolution())
        return;
    auto *dialog = new ExportDialog(m_session, exporterId, &m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setObjectName(QStringLiteral("exportDialog"));
    connect(dialog, &ExportDialog::written, this, [this](const QString &path) {
        Q_EMIT written(tr("Exported to %1").arg(path), QFileInfo(path).path());
    });
    dialog->open();
}

void FileDesk::exportTo(const QString &exporterId, const QString &path)
{
    MappingDocument &document = m_session.document();
    Job *job = m_session.jobs().start(
        this, QStringLiteral("export"), tr("Exporting"),
        [id = exporterId.toStdString(), path, mapping = document.resolvedMapping(), source = document.source(), target = document.target(),
         resolution = document.resolution()](const Progress &) {
            writeExport(id, ExportInput{mapping.get(), source.get(), target.get(), resolution.get()}, path.toStdString());
            return true;
        },
        [this, path](bool) { Q_EMIT written(tr("Exported to %1").arg(path), QFileInfo(path).path()); });
    connect(job, &Job::failed, this, [this](const QString &error) { Q_EMIT messageAsked(error, true); });
}

void FileDesk::whenMappingIsSafe(std::function<void()> go)
{
    if (!m_session.document().isModified()) {
        go();
        return;
    }
    QMessageBox box(QMessageBox::Question, tr("Rekey"), tr("The mapping has changes that are not saved."),
                    QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, &m_window);
    box.setInformativeText(tr("Save them first? Discarding loses them."));
    box.setDefaultButton(QMessageBox::Save);
    switch (box.exec()) {
    case QMessageBox::Save:
        saveMapping(false, std::move(go));
        break;
    case QMessageBox::Discard:
        go();
        break;
    default:
        break;
    }
}

} // namespace rekey::ui
