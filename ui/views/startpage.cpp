// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/startpage.h"

#include "core/base/datafolder.h"
#include "core/base/error.h"
#include "ui/jobs/job.h"
#include "ui/theme/theme.h"
#include "ui/window/pagebutton.h"
#include "ui/window/paintkit.h"

#include <QBoxLayout>
#include <QDir>
#include <QDragEnterEvent>
#include <QEvent>
#include <QFileInfo>
#include <QImageReader>
#include <QKeyEvent>
#include <QLabel>
#include <QLocale>
#include <QMenu>
#include <QMimeData>
#include <QPainter>
#include <QPainterPath>
#include <QScrollArea>

namespace rekey::ui {

namespace {

constexpr int pageWidth = 992; ///< with the margins
constexpr QSize thumbnailSize(84, 56);

/// White, 8-px corners, hairline.
class Card : public QWidget
{
public:
    using QWidget::QWidget;

protected:
    void paintEvent(QPaintEvent *) override
    {
        const Theme theme = Theme::of(palette());
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(theme.line, 1));
        painter.setBrush(theme.base);
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8);
    }
};

/// A small picture with 3-px corners; grey until it is there.
class Thumbnail : public QWidget
{
public:
    Thumbnail() { setFixedSize(thumbnailSize); }
    void setImage(const QImage &image)
    {
        m_image = image;
        update();
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        painter.setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
        QPainterPath shape;
        shape.addRoundedRect(rect(), 3, 3);
        painter.setClipPath(shape);
        if (m_image.isNull())
            painter.fillRect(rect(), Theme::of(palette()).line);
        else
            painter.drawImage(rect(), m_image);
    }

private:
    QImage m_image;
};

QString dateText(const QDateTime &when)
{
    const QDate today = QDate::currentDate();
    const QLocale locale;
    if (when.date() == today)
        return QObject::tr("Today, %1").arg(locale.toString(when.time(), QLocale::ShortFormat));
    if (when.date() == today.addDays(-1))
        return QObject::tr("Yesterday, %1").arg(locale.toString(when.time(), QLocale::ShortFormat));
    return locale.toString(when.date(), QStringLiteral("d MMM yyyy"));
}

QString homeless(const QString &path)
{
    const QString home = QDir::homePath();
    return path.startsWith(home + QLatin1Char('/')) ? QLatin1Char('~') + path.mid(home.size()) : path;
}

/// One recent pair, 48 high.
class RecentRow : public QAbstractButton
{
public:
    RecentRow(RecentPair pair, bool first, QWidget *parent = nullptr)
        : QAbstractButton(parent)
        , m_pair(std::move(pair))
        , m_first(first)
    {
        setFixedHeight(48);
        setFocusPolicy(Qt::StrongFocus);
        setAttribute(Qt::WA_Hover);
        setAccessibleName(m_pair.sourceName + QStringLiteral(" → ") + m_pair.targetName);
        setToolTip(homeless(m_pair.source) + QStringLiteral("\n") + homeless(m_pair.target));
    }

    void setFound(bool found)
    {
        m_found = found;
        update();
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        const Theme theme = Theme::of(palette());
        QPainter painter(this);
        if (underMouse())
            painter.fillRect(rect().adjusted(1, 0, -1, 0), theme.hover);
        if (!m_first)
            painter.fillRect(QRectF(1, 0, width() - 2, 1.0 / devicePixelRatioF()), theme.line);
        const qreal ratio = devicePixelRatioF();
        painter.drawPixmap(13, 16, iconPixmap(QStringLiteral("open-pair"), 16, ratio, theme.text2));
        const QColor ink = m_found ? theme.text : theme.text2;
        const int middle = width() / 2;
        QFont medium = font();
        medium.setWeight(QFont::Medium);
        const QFontMetrics metrics(medium);
        const int sourceWidth = std::min(metrics.horizontalAdvance(m_pair.sourceName), (middle - 80) / 2);
        paintText(painter, QRect(40, 5, sourceWidth + 1, 20), m_pair.sourceName, medium, ink);
        painter.drawPixmap(40 + sourceWidth + 7, 7, iconPixmap(QStringLiteral("arrow-right"), 16, ratio, theme.text2));
        paintText(painter, QRect(40 + sourceWidth + 30, 5, middle - sourceWidth - 80, 20), m_pair.targetName, medium, ink);
        paintText(painter, QRect(40, 24, middle - 60, 18), homeless(QFileInfo(m_pair.source).path()), secondaryFont(), theme.text2);

        Status status = Status::Filled;
        QString text = tr("%1 of %2 filled").arg(m_pair.filled).arg(m_pair.total);
        if (m_pair.missing > 0) {
            status = Status::Missing;
            text += tr(", %1 missing").arg(m_pair.missing);
        } else if (m_pair.toReview > 0) {
            status = Status::ToReview;
            text += tr(", %1 to review").arg(m_pair.toReview);
        }
        const QColor colour = m_found ? theme.status(status).foreground : theme.text2;
        painter.drawPixmap(middle, 16, iconPixmap(m_found ? statusIcon(status) : QStringLiteral("warning"), 16, ratio, colour));
        paintText(painter, QRect(middle + 22, 0, width() - middle - 230, height()), m_found ? text : tr("File not found"), secondaryFont(),
                  colour);
        paintText(painter, QRect(width() - 200, 0, 160, height()), dateText(m_pair.when), secondaryFont(), theme.text2,
                  Qt::AlignRight | Qt::AlignVCenter);
        if (hasFocus())
            paintFocusRing(painter, rect(), theme.accent);
    }

private:
    RecentPair m_pair;
    bool m_first, m_found = true;
};

} // namespace

DropFrame::DropFrame(Side side, QWidget *parent)
    : QWidget(parent)
    , m_side(side)
{
    setAcceptDrops(true);
    setFocusPolicy(Qt::StrongFocus);
    setFixedHeight(184);
    auto *open = new PageButton(PageButton::Look::Outlined, side == Side::Source ? tr("Open source…") : tr("Open target…"),
                                QStringLiteral("open"));
    open->setKeyCap(side == Side::Source ? QStringLiteral("Ctrl+O") : QStringLiteral("Ctrl+Shift+O"));
    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addStretch(1);
    buttons->addWidget(open);
    if (side == Side::Target) {
        auto *architecture = new PageButton(PageButton::Look::Outlined, tr("Choose architecture…"), QStringLiteral("schema"));
        buttons->addWidget(architecture);
        connect(architecture, &QAbstractButton::clicked, this, &DropFrame::architectureAsked);
    }
    buttons->addStretch(1);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(12, 0, 12, 32);
    column->addStretch(1);
    column->addLayout(buttons);
    connect(open, &QAbstractButton::clicked, this, &DropFrame::openAsked);
    setName({});
}

void DropFrame::setName(const QString &name)
{
    const bool source = m_side == Side::Source;
    m_title = name.isEmpty() ? (source ? tr("Drop the source here") : tr("Drop the target here")) : name;
    m_text = !name.isEmpty() ? tr("Open; drop another file to replace it")
        : source             ? tr("The file or folder your weights come from")
                             : tr("A file, a folder, or an architecture without a file");
    setAccessibleName(m_title);
    update();
}

void DropFrame::paintEvent(QPaintEvent *)
{
    const Theme theme = Theme::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QPen pen(m_over || hasFocus() ? theme.accent : theme.line2, m_over || hasFocus() ? 2 : 1);
    if (!m_over)
        pen.setDashPattern({3 / pen.widthF(), 3 / pen.widthF()});
    painter.setPen(pen);
    painter.setBrush(m_over ? theme.sel : theme.base);
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 8, 8);
    const QString iconName = m_side == Side::Source ? QStringLiteral("source") : QStringLiteral("target");
    painter.drawPixmap(width() / 2 - 12, 32, iconPixmap(iconName, 24, devicePixelRatioF(), m_side == Side::Source ? theme.src : theme.tgt));
    QFont title = font();
    title.setPixelSize(QFontInfo(title).pixelSize() + 2);
    title.setWeight(QFont::DemiBold);
    paintText(painter, QRect(12, 62, width() - 24, 24), m_title, title, theme.text, Qt::AlignCenter);
    paintText(painter, QRect(12, 90, width() - 24, 20), m_text, secondaryFont(), theme.text2, Qt::AlignCenter);
}

void DropFrame::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter || event->key() == Qt::Key_Space)
        Q_EMIT openAsked();
    else
        QWidget::keyPressEvent(event);
}

void DropFrame::dragEnterEvent(QDragEnterEvent *event)
{
    m_over = event->mimeData()->hasUrls();
    if (m_over)
        event->acceptProposedAction();
    update();
}

void DropFrame::dragLeaveEvent(QDragLeaveEvent *)
{
    m_over = false;
    update();
}

void DropFrame::dropEvent(QDropEvent *event)
{
    m_over = false;
    update();
    if (!event->mimeData()->urls().isEmpty())
        Q_EMIT dropped(event->mimeData()->urls().front().toLocalFile());
}

StartPage::StartPage(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
{
    auto *content = new QWidget;
    content->setMaximumWidth(pageWidth);
    auto *column = new QVBoxLayout(content);
    column->setContentsMargins(16, 42, 16, 32);
    column->setSpacing(0);
    column->addWidget(makeTitle());
    column->addSpacing(34);
    column->addWidget(makeDropAreas());
    column->addSpacing(8);
    auto *formats = new QLabel(tr(
        "safetensors, PyTorch (.pth, .pt, .bin, .ckpt), sharded sets with their index, folders, schemas. Nothing in a file is executed."));
    formats->setAlignment(Qt::AlignCenter);
    formats->setWordWrap(true);
    m_quiet.append(formats);
    column->addWidget(formats);
    column->addSpacing(32);
    column->addWidget(makeDemoCard());
    column->addSpacing(38);
    column->addWidget(makeRecent());
    column->addStretch(1);
    auto *inner = new QWidget;
    auto *row = new QHBoxLayout(inner);
    row->setContentsMargins(0, 0, 0, 0);
    row->addStretch(1);
    row->addWidget(content, 1000);
    row->addStretch(1);
    auto *scroll = new QScrollArea;
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setWidget(inner);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->viewport()->setAutoFillBackground(false);
    inner->setAutoFillBackground(false);
    auto *whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->addWidget(scroll);
    connect(&session.settings(), &Settings::recentPairsChanged, this, &StartPage::listRecent);
    connect(&session, &Session::opened, this, [this](Side side) {
        (side == Side::Source ? m_source : m_target)->setName(m_session.checkpoint(side) ? m_session.name(side) : QString());
    });
    listRecent();
    restyle();
    setFocusPolicy(Qt::StrongFocus); // so that no frame looks chosen before the first Tab
    setFocus();
}

void StartPage::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange)
        restyle();
    QWidget::changeEvent(event);
}

void StartPage::restyle()
{
    QPalette quiet = palette();
    quiet.setColor(QPalette::WindowText, Theme::of(quiet).text2);
    for (QWidget *label : m_quiet) {
        label->setPalette(quiet);
        label->setFont(secondaryFont());
    }
}

QWidget *StartPage::makeTitle()
{
    class Mark : public QWidget
    {
    public:
        Mark() { setFixedSize(48, 48); }

    protected:
        void paintEvent(QPaintEvent *) override
        {
            const Theme theme = Theme::of(palette());
            QPainter painter(this);
            painter.setRenderHint(QPainter::Antialiasing);
            painter.setPen(QPen(theme.line, 1));
            painter.setBrush(theme.base);
            painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8);
            painter.drawPixmap(12, 12, iconPixmap(QStringLiteral("rekey"), 24, devicePixelRatioF(), theme.accent));
        }
    };
    auto *title = new QWidget;
    auto *name = new QLabel(tr("Rekey"));
    name->setFont(titleFont());
    auto *what = new QLabel(tr("Move weights from one implementation to another, and see that they still mean the same."));
    what->setForegroundRole(QPalette::PlaceholderText);
    auto *texts = new QVBoxLayout;
    texts->setSpacing(0);
    texts->addWidget(name);
    texts->addWidget(what);
    auto *row = new QHBoxLayout(title);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(16);
    row->addWidget(new Mark);
    row->addLayout(texts, 1);
    return title;
}

QWidget *StartPage::makeDropAreas()
{
    m_source = new DropFrame(Side::Source);
    m_target = new DropFrame(Side::Target);
    auto *arrow = new QLabel;
    arrow->setPixmap(iconPixmap(QStringLiteral("arrow-right"), 24, devicePixelRatioF(), Theme::of(palette()).text2));
    auto *areas = new QWidget;
    auto *row = new QHBoxLayout(areas);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(16);
    row->addWidget(m_source, 1);
    row->addWidget(arrow);
    row->addWidget(m_target, 1);
    for (DropFrame *frame : {m_source, m_target}) {
        const Side side = frame == m_source ? Side::Source : Side::Target;
        connect(frame, &DropFrame::openAsked, this, [this, side] { Q_EMIT openAsked(side); });
        connect(frame, &DropFrame::dropped, this, [this, side](const QString &path) { m_session.open(side, path.toStdString()); });
    }
    connect(m_target, &DropFrame::architectureAsked, this, &StartPage::architectureAsked);
    return areas;
}

QWidget *StartPage::makeDemoCard()
{
    auto *card = new Card;
    auto *row = new QHBoxLayout(card);
    row->setContentsMargins(12, 12, 12, 12);
    row->setSpacing(4);
    for (const char *photo : {"flower.jpg", "pagoda.jpg"}) {
        auto *thumbnail = new Thumbnail;
        row->addWidget(thumbnail);
        m_session.jobs().start(
            thumbnail, {}, tr("Reading a picture"),
            [photo](const Progress &) -> QImage {
                try {
                    QImageReader reader(QString::fromStdString((demoFolder() / "photos" / photo).string()));
                    reader.setScaledSize(thumbnailSize * 2);
                    return reader.read();
                } catch (const Error &) {
                    return {}; // no demo installed: the button says so when it is pressed
                }
            },
            [thumbnail](const QImage &image) { thumbnail->setImage(image); });
    }
    auto *title = new QLabel(tr("Try it on the demo model"));
    QFont heavy = title->font();
    heavy.setWeight(QFont::DemiBold);
    title->setFont(heavy);
    auto *text = new QLabel(tr("A small SAM in both namings, 230 tensors, six pictures. Map, convert and segment in a minute, offline."));
    text->setWordWrap(true);
    m_quiet.append(text);
    auto *texts = new QVBoxLayout;
    texts->setSpacing(0);
    texts->setContentsMargins(12, 0, 12, 0);
    texts->addStretch(1);
    texts->addWidget(title);
    texts->addWidget(text);
    texts->addStretch(1);
    row->addLayout(texts, 1);
    m_demo = new PageButton(PageButton::Look::Primary, tr("Open the demo"), QStringLiteral("run"));
    row->addWidget(m_demo);
    connect(m_demo, &QAbstractButton::clicked, this, &StartPage::demoAsked);
    return card;
}

QWidget *StartPage::makeRecent()
{
    m_recent = new QWidget;
    auto *title = new QLabel(tr("Recent pairs"));
    QFont heavy = title->font();
    heavy.setWeight(QFont::DemiBold);
    title->setFont(heavy);
    auto *clear = new PageButton(PageButton::Look::Link, tr("Clear list"));
    connect(clear, &QAbstractButton::clicked, &m_session.settings(), &Settings::clearRecentPairs);
    auto *head = new QHBoxLayout;
    head->addWidget(title);
    head->addStretch(1);
    head->addWidget(clear);
    auto *card = new Card;
    m_recentRows = new QVBoxLayout(card);
    m_recentRows->setContentsMargins(0, 0, 0, 0);
    m_recentRows->setSpacing(0);
    auto *column = new QVBoxLayout(m_recent);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addLayout(head);
    column->addWidget(card);
    return m_recent;
}

void StartPage::listRecent()
{
    while (QLayoutItem *item = m_recentRows->takeAt(0)) {
        item->widget()->deleteLater();
        delete item;
    }
    const QList<RecentPair> pairs = m_session.settings().recentPairs();
    m_recent->setVisible(!pairs.isEmpty());
    for (const RecentPair &pair : pairs) {
        auto *row = new RecentRow(pair, m_recentRows->isEmpty());
        auto *more = new PageButton(PageButton::Look::Flat, {}, QStringLiteral("more"));
        more->setAccessibleName(tr("More about %1").arg(pair.sourceName));
        more->setToolTip(tr("More"));
        auto *inner = new QHBoxLayout(row);
        inner->setContentsMargins(0, 0, 8, 0);
        inner->addStretch(1);
        inner->addWidget(more);
        m_recentRows->addWidget(row);
        connect(row, &QAbstractButton::clicked, this, [this, pair] { Q_EMIT pairAsked(pair); });
        connect(more, &QAbstractButton::clicked, this, [this, pair, more] {
            QMenu menu;
            menu.addAction(tr("Open"), this, [this, pair] { Q_EMIT pairAsked(pair); });
            menu.addAction(tr("Remove from the list"), this, [this, pair] { m_session.settings().removeRecentPair(pair); });
            menu.exec(more->mapToGlobal(QPoint(0, more->height())));
        });
        m_session.jobs().start(
            row, {}, tr("Looking for recent files"),
            [pair](const Progress &) {
                return QFileInfo::exists(pair.source) && (pair.target.isEmpty() || QFileInfo::exists(pair.target));
            },
            [row](bool found) { row->setFound(found); });
    }
}

} // namespace rekey::ui
