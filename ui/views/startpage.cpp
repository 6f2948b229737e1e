// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/startpage.h"

#include "core/base/datafolder.h"
#include "core/base/error.h"
#include "ui/jobs/job.h"
#include "ui/theme/theme.h"
#include "ui/views/dropframe.h"
#include "ui/views/recentrow.h"
#include "ui/window/pagebutton.h"
#include "ui/window/paintkit.h"

#include <QBoxLayout>
#include <QDir>
#include <QEvent>
#include <QFileInfo>
#include <QImageReader>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QPainterPath>
#include <QScrollArea>

namespace rekey::ui {

namespace {

constexpr int pageWidth = 992; ///< with the margins
constexpr QSize thumbnailSize(84, 56);

class PlainCard : public QWidget
{
public:
    using QWidget::QWidget;

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        paintCard(painter, rect(), Theme::of(palette()));
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

} // namespace

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
            paintCard(painter, rect(), theme);
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
    auto *card = new PlainCard;
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
    auto *card = new PlainCard;
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
