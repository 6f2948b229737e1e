// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/parity/parityrun.h"

#include <QWidget>

class QLabel;
class QVBoxLayout;

namespace rekey::ui {

class ElidedLabel;
class PageButton;
class PanelHeader;

/// The chosen layer: how far it is off, why, which of its weights differ, and the rules that fill it, each one click
/// away.
class LayerPanel : public QWidget
{
    Q_OBJECT
public:
    explicit LayerPanel(QWidget *parent = nullptr);

    /// `row` of the result's layers; -1: nothing is chosen.
    void setLayer(const std::shared_ptr<const ParityResult> &result, int row);
    int row() const { return m_row; }

Q_SIGNALS:
    void rulesAsked(const std::vector<std::uint32_t> &rules);

protected:
    void changeEvent(QEvent *event) override;

private:
    class Figures;
    void fill();
    void addRules(const std::vector<std::uint32_t> &rules);
    QString reasonText() const;
    QString keysText() const;

    std::shared_ptr<const ParityResult> m_result;
    int m_row = -1;
    PanelHeader *m_header;
    ElidedLabel *m_name;
    Figures *m_figures;
    QLabel *m_reason, *m_keys;
    QWidget *m_rules = nullptr;
    QVBoxLayout *m_column;
    PageButton *m_go;
};

} // namespace rekey::ui
