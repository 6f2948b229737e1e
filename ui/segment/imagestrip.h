// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/segment/promptmodel.h"

#include <QListView>

#include <filesystem>
#include <functional>

class QStandardItemModel;

namespace rekey::ui {

class Jobs;

/// A picture to choose, with the prompts to begin with.
struct StripPicture
{
    QString title;
    std::filesystem::path path;
    QList<Prompt> prompts;
};

/// The demo's photos with their default prompts, from its prompts.json. Empty when the demo is not installed.
QList<StripPicture> demoPictures();

/// Thumbnails to choose a picture from. Thumbnails are read in the background.
class ImageStrip : public QListView
{
    Q_OBJECT
public:
    ImageStrip(Jobs &jobs, QWidget *parent = nullptr);

    /// Adds it once (same path), and makes it current when asked.
    void add(const StripPicture &picture);
    void setCurrent(const std::filesystem::path &path);
    int count() const;
    /// What stands at a row.
    StripPicture picture(int row) const;

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {124, 98}; }

Q_SIGNALS:
    void chosen(const rekey::ui::StripPicture &picture);

protected:
    void keyPressEvent(QKeyEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void readThumbnail(int row);
    void applyPalette();
    void choose(const QModelIndex &index);

    Jobs &m_jobs;
    QStandardItemModel *m_model;
    QList<StripPicture> m_pictures;
};

} // namespace rekey::ui
