// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/maskactions.h"

#include "ui/document/session.h"
#include "ui/jobs/job.h"
#include "ui/segment/segmentrun.h"
#include "ui/theme/theme.h"
#include "ui/window/settings.h"

#include <QAction>
#include <QClipboard>
#include <QFileDialog>
#include <QFileInfo>
#include <QGuiApplication>

#include <algorithm>

namespace rekey::ui {

namespace {

/// The converted model's, which is what a person is here for; else the original's.
std::shared_ptr<const SegmentResult> resultOf(const SegmentRun &run)
{
    const ModelRun &converted = run.model(Which::Converted);
    const ModelRun &model = converted.hasResult() ? converted : run.model(Which::Original);
    return model.hasResult() && run.chosen() < model.result->masks.size() ? model.result : nullptr;
}

/// White where the mask is, as other tools expect it.
std::vector<std::uint8_t> whiteOnBlack(const MaskCandidate &mask)
{
    std::vector<std::uint8_t> pixels = mask.pixels;
    std::transform(pixels.begin(), pixels.end(), pixels.begin(), [](std::uint8_t inside) { return inside != 0 ? 255 : 0; });
    return pixels;
}

} // namespace

MaskActions::MaskActions(Session &session, SegmentRun &run, QWidget *window)
    : QObject(window)
    , m_session(session)
    , m_run(run)
    , m_window(window)
{
    const auto action = [this](const QString &text, const QString &iconName, const QKeySequence &key, auto slot) {
        auto *result = new QAction(icon(iconName), text, this);
        result->setShortcut(key);
        result->setEnabled(false);
        connect(result, &QAction::triggered, this, slot);
        m_window->addAction(result);
        m_actions << result;
    };
    action(tr("Save mask as PNG…"), QStringLiteral("export"), {}, [this] { savePicture(); });
    action(tr("Copy mask"), QStringLiteral("copy"), QKeySequence::Copy, [this] { copyPicture(); });
}

void MaskActions::follow()
{
    const bool any = m_window->isVisible() && resultOf(m_run) != nullptr;
    for (QAction *action : std::as_const(m_actions))
        action->setEnabled(any);
}

void MaskActions::savePicture()
{
    const auto result = resultOf(m_run);
    if (!result)
        return;
    Settings &settings = m_session.settings();
    const QString name = QString::fromStdString(m_run.picturePath().stem().string()) + QStringLiteral("-mask.png");
    const QString file = QFileDialog::getSaveFileName(m_window, tr("Save mask"),
                                                      settings.lastFolder(QStringLiteral("export")) + QLatin1Char('/') + name, tr("PNG pictures (*.png)"));
    if (file.isEmpty())
        return;
    settings.setLastFolder(QStringLiteral("export"), QFileInfo(file).absolutePath());
    Job *job = m_session.jobs().start(
        this, QStringLiteral("mask"), tr("Saving the mask"),
        [result, index = m_run.chosen(), file](const Progress &) {
            savePng(file.toStdString(), result->width, result->height, 1, whiteOnBlack(result->masks[index]));
            return true;
        },
        [this, file](bool) { Q_EMIT saved(file); });
    connect(job, &Job::failed, this, &MaskActions::failed);
}

void MaskActions::copyPicture()
{
    const auto result = resultOf(m_run);
    if (!result)
        return;
    m_session.jobs().start(
        this, QStringLiteral("copy"), tr("Copying the mask"),
        [result, index = m_run.chosen()](const Progress &) {
            const std::vector<std::uint8_t> pixels = whiteOnBlack(result->masks[index]);
            return QImage(pixels.data(), result->width, result->height, result->width, QImage::Format_Grayscale8).copy();
        },
        [this](const QImage &picture) {
            QGuiApplication::clipboard()->setImage(picture);
            Q_EMIT done(tr("Mask %1 is on the clipboard, %2×%3").arg(m_run.chosen() + 1).arg(picture.width()).arg(picture.height()));
        });
}

} // namespace rekey::ui
