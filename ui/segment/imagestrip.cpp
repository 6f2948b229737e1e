// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/imagestrip.h"

#include "core/base/datafolder.h"
#include "core/base/error.h"
#include "ui/jobs/job.h"
#include "ui/theme/theme.h"
#include "ui/window/paintkit.h"

#include <QFile>
#include <QImageReader>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QKeyEvent>
#include <QPainter>
#include <QPainterPath>
#include <QScrollBar>
#include <QStandardItemModel>
#include <QStyledItemDelegate>

namespace rekey::ui {

namespace {

constexpr QSize pictureSize(100, 66);
constexpr QSize cellSize(111, 98);

class PictureDelegate : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const override { return cellSize; }

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const Theme theme = Theme::of(option.palette);
        const bool current = option.state & QStyle::State_Selected;
        const QRect area(option.rect.topLeft() + QPoint(2, 2), pictureSize);
        painter->save();
        painter->setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
        QPainterPath clip;
        clip.addRoundedRect(area, 4, 4);
        painter->setClipPath(clip);
        painter->fillRect(area, theme.line);
        const auto image = index.data(Qt::UserRole).value<QImage>();
        if (!image.isNull()) {
            // Filled, as a picture book does; the canvas shows all of it.
            const QSize size = image.size().scaled(area.size(), Qt::KeepAspectRatioByExpanding);
            QRect place(QPoint(), size);
            place.moveCenter(area.center());
            painter->drawImage(place, image);
        } else {
            painter->drawPixmap(area.center() - QPoint(7, 7),
                                iconPixmap(QStringLiteral("photo"), 16, painter->device()->devicePixelRatioF(), theme.text3));
        }
        painter->setClipping(false);
        if (current || option.state & QStyle::State_MouseOver) {
            painter->setBrush(Qt::NoBrush);
            painter->setPen(QPen(theme.window, 2));
            painter->drawRoundedRect(QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
            painter->setPen(QPen(current ? theme.accent : theme.line2, current ? 2 : 1));
            painter->drawRoundedRect(QRectF(area).adjusted(-1, -1, 1, 1), 5, 5);
        }
        painter->restore();
        QFont font = secondaryFont();
        if (current)
            font.setWeight(QFont::DemiBold);
        paintText(*painter, QRect(area.left(), area.bottom() + 5, pictureSize.width(), 18), index.data().toString(), font,
                  current ? theme.text : theme.text2);
    }
};

QList<Prompt> readPrompts(const QJsonObject &entry)
{
    QList<Prompt> result;
    const QJsonArray box = entry[QStringLiteral("box")].toArray();
    if (box.size() == 4)
        result << Prompt::boxed(QRectF(QPointF(box[0].toDouble(), box[1].toDouble()), QPointF(box[2].toDouble(), box[3].toDouble())));
    const QJsonArray points = entry[QStringLiteral("points")].toArray(), labels = entry[QStringLiteral("labels")].toArray();
    for (qsizetype i = 0; i < points.size(); ++i)
        result << Prompt::point({points[i][0].toDouble(), points[i][1].toDouble()}, labels.at(i).toInt(1) == 1);
    return result;
}

} // namespace

QList<StripPicture> demoPictures()
{
    QList<StripPicture> result;
    std::filesystem::path folder;
    try {
        folder = demoFolder();
    } catch (const Error &) {
        return result;
    }
    QFile file(QString::fromStdString((folder / "prompts.json").string()));
    if (!file.open(QIODevice::ReadOnly))
        return result;
    const QByteArray text = file.readAll();
    const QJsonObject photos = QJsonDocument::fromJson(text)[QStringLiteral("photos")].toObject();
    for (auto photo = photos.begin(); photo != photos.end(); ++photo) {
        const QJsonObject entry = photo->toObject();
        StripPicture picture {entry[QStringLiteral("title")].toString(), folder / "photos" / photo.key().toStdString(), {}};
        for (const QJsonValue &prompt : entry[QStringLiteral("prompts")].toArray())
            if (prompt[QStringLiteral("name")] == entry[QStringLiteral("default")])
                picture.prompts = readPrompts(prompt.toObject());
        result << picture;
    }
    // The file's own order; a JSON object of Qt's is sorted by name.
    std::sort(result.begin(), result.end(), [&text](const StripPicture &a, const StripPicture &b) {
        const auto place = [&text](const StripPicture &picture) {
            return text.indexOf('"' + QByteArray::fromStdString(picture.path.filename().string()) + '"');
        };
        return place(a) < place(b);
    });
    return result;
}

ImageStrip::ImageStrip(Jobs &jobs, QWidget *parent)
    : QListView(parent)
    , m_jobs(jobs)
    , m_model(new QStandardItemModel(this))
{
    setModel(m_model);
    setItemDelegate(new PictureDelegate(this));
    setViewMode(QListView::IconMode);
    setMovement(QListView::Static);
    setResizeMode(QListView::Adjust);
    setUniformItemSizes(true);
    setGridSize(cellSize);
    setSpacing(0);
    setFrameShape(QFrame::NoFrame);
    setMouseTracking(true);
    setEditTriggers(QAbstractItemView::NoEditTriggers);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setAccessibleName(tr("Images"));
    viewport()->setAutoFillBackground(false);
    applyPalette();
    connect(this, &QListView::clicked, this, &ImageStrip::choose);
    connect(this, &QListView::activated, this, &ImageStrip::choose);
}

QSize ImageStrip::sizeHint() const
{
    return {4 * cellSize.width() + 4, 2 * cellSize.height()};
}

int ImageStrip::count() const
{
    return static_cast<int>(m_pictures.size());
}

StripPicture ImageStrip::picture(int row) const
{
    return m_pictures.value(row);
}

void ImageStrip::add(const StripPicture &picture)
{
    for (const StripPicture &known : std::as_const(m_pictures))
        if (known.path == picture.path)
            return;
    m_pictures << picture;
    auto *item = new QStandardItem(picture.title);
    item->setToolTip(QString::fromStdString(picture.path.filename().string()));
    m_model->appendRow(item);
    readThumbnail(m_model->rowCount() - 1);
}

void ImageStrip::readThumbnail(int row)
{
    const QString file = QString::fromStdString(m_pictures[row].path.string());
    m_jobs.start(
        this, {}, tr("Reading thumbnails"),
        [file](const Progress &) {
            QImageReader reader(file);
            reader.setAutoTransform(true);
            // Twice the size, for fine screens; JPEG decodes that much faster than all of it.
            const QSize size = reader.size();
            if (size.isValid())
                reader.setScaledSize(size.scaled(pictureSize * 2, Qt::KeepAspectRatioByExpanding));
            return reader.read();
        },
        [this, row](const QImage &image) { m_model->item(row)->setData(image, Qt::UserRole); });
}

void ImageStrip::setCurrent(const std::filesystem::path &path)
{
    for (int row = 0; row < count(); ++row)
        if (m_pictures[row].path == path)
            return setCurrentIndex(m_model->index(row, 0));
    clearSelection();
}

void ImageStrip::choose(const QModelIndex &index)
{
    if (index.isValid())
        Q_EMIT chosen(m_pictures[index.row()]);
}

void ImageStrip::applyPalette()
{
    // The strip lies on the window, and so does its scroll bar.
    QPalette onWindow = palette();
    onWindow.setColor(QPalette::Base, palette().color(QPalette::Window));
    verticalScrollBar()->setPalette(onWindow);
}

void ImageStrip::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange)
        applyPalette();
    QListView::changeEvent(event);
}

void ImageStrip::keyPressEvent(QKeyEvent *event)
{
    // 1…3 and Space are the page's, not a search for a title.
    if (event->key() == Qt::Key_Space || (event->key() >= Qt::Key_1 && event->key() <= Qt::Key_9))
        event->ignore();
    else
        QListView::keyPressEvent(event);
}

} // namespace rekey::ui
