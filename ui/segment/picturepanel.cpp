// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/picturepanel.h"

#include "ui/window/sectionhead.h"
#include "ui/window/settings.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QMimeData>
#include <QVBoxLayout>

namespace rekey::ui {

namespace {

constexpr int rowHeight = 98;

bool isPicture(const QUrl &url)
{
    static const QStringList suffixes = {QStringLiteral("jpg"), QStringLiteral("jpeg"), QStringLiteral("png"), QStringLiteral("webp"),
                                         QStringLiteral("bmp"), QStringLiteral("gif"),  QStringLiteral("tif"), QStringLiteral("tiff")};
    return url.isLocalFile() && suffixes.contains(QFileInfo(url.toLocalFile()).suffix().toLower());
}

} // namespace

PicturePanel::PicturePanel(Jobs &jobs, Settings &settings, QWidget *parent)
    : QWidget(parent)
    , m_settings(settings)
    , m_strip(new ImageStrip(jobs))
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    auto *head = new SectionHead(tr("Images"));
    head->setTrailing(tr("Drop a file anywhere"));
    setRows(2);
    column->addWidget(head);
    column->addWidget(m_strip);
    connect(m_strip, &ImageStrip::chosen, this, &PicturePanel::chosen);
}

void PicturePanel::setRows(int rows)
{
    m_strip->setFixedHeight(rows * rowHeight);
}

QUrl PicturePanel::pictureOf(const QMimeData *data)
{
    for (const QUrl &url : data->urls())
        if (isPicture(url))
            return url;
    return {};
}

std::optional<StripPicture> PicturePanel::addDemoPictures()
{
    const QList<StripPicture> pictures = demoPictures();
    for (const StripPicture &picture : pictures)
        m_strip->add(picture);
    return pictures.isEmpty() ? std::nullopt : std::optional(pictures.first());
}

void PicturePanel::open(const std::filesystem::path &path)
{
    m_strip->add({QFileInfo(QString::fromStdString(path.string())).completeBaseName(), path, {}});
    for (int row = 0; row < m_strip->count(); ++row)
        if (m_strip->picture(row).path == path)
            Q_EMIT chosen(m_strip->picture(row));
}

void PicturePanel::openDialog()
{
    const QString file = QFileDialog::getOpenFileName(this, tr("Open image"), m_settings.lastFolder(QStringLiteral("image")),
                                                      tr("Pictures (*.jpg *.jpeg *.png);;All files (*)"));
    if (file.isEmpty())
        return;
    m_settings.setLastFolder(QStringLiteral("image"), QFileInfo(file).absolutePath());
    open(file.toStdString());
}

} // namespace rekey::ui
