// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/style.h"

#include "ui/theme/theme.h"

#include <QAbstractItemView>
#include <QAbstractSpinBox>
#include <QComboBox>
#include <QPainter>
#include <QPushButton>
#include <QScrollBar>
#include <QStyleFactory>
#include <QStyleOption>
#include <QToolButton>

namespace rekey::ui {

namespace {

constexpr qreal controlRadius = 6;
constexpr int scrollBarWidth = 12;

bool isPrimary(const QStyleOption *option, const QWidget *widget)
{
    if (widget != nullptr && widget->property("kind").toString() == QLatin1String("primary"))
        return true;
    const auto *button = qstyleoption_cast<const QStyleOptionButton *>(option);
    return button != nullptr && (button->features & QStyleOptionButton::DefaultButton) && widget != nullptr
        && widget->window()->windowType() == Qt::Dialog;
}

bool isLink(const QWidget *widget)
{
    return widget != nullptr && widget->property("kind").toString() == QLatin1String("link");
}

void rounded(QPainter *painter, const QRectF &rect, qreal radius, const QBrush &fill, const QPen &pen)
{
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(pen);
    painter->setBrush(fill);
    const qreal inset = pen.style() == Qt::NoPen ? 0 : pen.widthF() / 2;
    painter->drawRoundedRect(rect.adjusted(inset, inset, -inset, -inset), radius - inset, radius - inset);
    painter->restore();
}

void drawButtonPanel(const QStyleOption *option, QPainter *painter, const QWidget *widget, const Theme &theme)
{
    const bool enabled = option->state & QStyle::State_Enabled, down = option->state & (QStyle::State_Sunken | QStyle::State_On),
               over = option->state & QStyle::State_MouseOver;
    if (isLink(widget))
        return;
    if (isPrimary(option, widget) && enabled) {
        QColor fill = theme.accent;
        if (down)
            fill = mix(fill, theme.text, 0.18);
        else if (over)
            fill = mix(fill, theme.text, 0.08);
        rounded(painter, option->rect, controlRadius, fill, Qt::NoPen);
        return;
    }
    QColor fill = enabled ? theme.base : theme.window;
    if (down)
        fill = theme.sel;
    else if (over && enabled)
        fill = theme.hover;
    rounded(painter, option->rect, controlRadius, fill, QPen(enabled ? theme.line2 : theme.line, 1));
}

void drawFocusRing(QPainter *painter, const QRect &rect, const Theme &theme, qreal radius)
{
    rounded(painter, rect, radius, Qt::NoBrush, QPen(theme.accent, 2));
}

void drawToolButtonPanel(const QStyleOption *option, QPainter *painter, const QWidget *widget, const Theme &theme)
{
    const bool on = option->state & QStyle::State_On, down = option->state & QStyle::State_Sunken;
    const bool over = (option->state & QStyle::State_MouseOver) && (option->state & QStyle::State_Enabled);
    if (widget != nullptr && widget->property("kind").toString() == QLatin1String("outlined")) {
        drawButtonPanel(option, painter, widget, theme);
        return;
    }
    if (on || down)
        rounded(painter, option->rect, controlRadius, theme.sel, Qt::NoPen);
    else if (over)
        rounded(painter, option->rect, controlRadius, mix(theme.window, theme.text, 0.07), Qt::NoPen);
}

void drawCheck(const QStyleOption *option, QPainter *painter, const Theme &theme)
{
    const QRectF box(option->rect.x(), option->rect.y(), 16, 16);
    const bool enabled = option->state & QStyle::State_Enabled;
    const bool on = option->state & QStyle::State_On, partly = option->state & QStyle::State_NoChange;
    if (!on && !partly) {
        rounded(painter, box, 4, enabled ? theme.base : theme.window, QPen(enabled ? theme.line2 : theme.line, 1));
    } else {
        rounded(painter, box, 4, enabled ? theme.accent : theme.text3, Qt::NoPen);
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(QPen(theme.onAccent, 1.75, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        const QPointF origin = box.topLeft();
        if (on)
            painter->drawPolyline(QPolygonF({origin + QPointF(4, 8.4), origin + QPointF(6.9, 11.2), origin + QPointF(12, 5.2)}));
        else
            painter->drawLine(origin + QPointF(4.5, 8), origin + QPointF(11.5, 8));
        painter->restore();
    }
    if (option->state & QStyle::State_HasFocus && option->state & QStyle::State_KeyboardFocusChange)
        rounded(painter, box.adjusted(-3, -3, 3, 3), 6, Qt::NoBrush, QPen(theme.accent, 2));
}

void drawRadio(const QStyleOption *option, QPainter *painter, const Theme &theme)
{
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const QRectF box = QRectF(option->rect.x(), option->rect.y(), 16, 16).adjusted(0.5, 0.5, -0.5, -0.5);
    if (option->state & QStyle::State_On) {
        painter->setPen(Qt::NoPen);
        painter->setBrush(theme.accent);
        painter->drawEllipse(box);
        painter->setBrush(theme.onAccent);
        painter->drawEllipse(box.center(), 3, 3);
    } else {
        painter->setPen(QPen(theme.line2, 1));
        painter->setBrush(theme.base);
        painter->drawEllipse(box);
    }
    painter->restore();
}

void drawLineEdit(const QStyleOption *option, QPainter *painter, const Theme &theme)
{
    const bool enabled = option->state & QStyle::State_Enabled, focus = option->state & QStyle::State_HasFocus;
    rounded(painter, option->rect, controlRadius, enabled ? theme.base : theme.window,
            focus ? QPen(theme.accent, 2) : QPen(enabled ? theme.line2 : theme.line, 1));
}

void drawScrollBar(const QStyleOptionSlider *bar, QPainter *painter, const Theme &theme, const QStyle *style, const QWidget *widget)
{
    painter->fillRect(bar->rect, theme.base);
    if (bar->maximum <= bar->minimum)
        return;
    const bool active = bar->state & QStyle::State_Sunken || bar->activeSubControls & QStyle::SC_ScrollBarSlider;
    QRectF handle = style->subControlRect(QStyle::CC_ScrollBar, bar, QStyle::SC_ScrollBarSlider, widget);
    const qreal thickness = active ? 8 : 6, inset = (scrollBarWidth - thickness) / 2;
    if (bar->orientation == Qt::Vertical)
        handle.adjust(inset, 2, -inset, -2);
    else
        handle.adjust(2, inset, -2, -inset);
    rounded(painter, handle, thickness / 2, mix(theme.base, theme.text, active ? 0.42 : 0.26), Qt::NoPen);
}

void drawComboBox(const QStyleOptionComboBox *box, QPainter *painter, const Theme &theme)
{
    const bool enabled = box->state & QStyle::State_Enabled, focus = box->state & QStyle::State_HasFocus;
    rounded(painter, box->rect, controlRadius, enabled ? (box->state & QStyle::State_MouseOver ? theme.hover : theme.base) : theme.window,
            focus ? QPen(theme.accent, 2) : QPen(enabled ? theme.line2 : theme.line, 1));
    const QPixmap arrow = iconPixmap(QStringLiteral("chevron-down"), 16, painter->device()->devicePixelRatioF(),
                                     enabled ? theme.text : theme.text3);
    painter->drawPixmap(box->rect.right() - 24, box->rect.center().y() - 7, arrow);
}

void drawProgressBar(const QStyleOptionProgressBar *bar, QPainter *painter, const Theme &theme)
{
    const QRectF groove = QRectF(bar->rect.x(), bar->rect.center().y() - 2, bar->rect.width(), 6);
    rounded(painter, groove, 3, theme.line, Qt::NoPen);
    const int range = bar->maximum - bar->minimum;
    if (range <= 0)
        return;
    const qreal part = std::clamp((bar->progress - bar->minimum) / static_cast<qreal>(range), 0.0, 1.0);
    rounded(painter, QRectF(groove.topLeft(), QSizeF(std::max(6.0, groove.width() * part), groove.height())), 3, theme.accent, Qt::NoPen);
}

/// One of the two arrows of a spin box, 8 wide, in the middle of its half.
void drawStep(QPainter *painter, const QRectF &half, bool up, const QColor &ink)
{
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(QPen(ink, 1.25, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    const QPointF middle = half.center();
    const qreal rise = up ? -1.75 : 1.75;
    painter->drawPolyline(QPolygonF({middle + QPointF(-3.5, -rise), middle + QPointF(0, rise), middle + QPointF(3.5, -rise)}));
    painter->restore();
}

void drawSpinBox(const QStyleOptionSpinBox *box, QPainter *painter, const Theme &theme, const QStyle *style, const QWidget *widget)
{
    const bool enabled = box->state & QStyle::State_Enabled, focus = box->state & QStyle::State_HasFocus;
    rounded(painter, box->rect, controlRadius, enabled ? theme.base : theme.window,
            focus ? QPen(theme.accent, 2) : QPen(enabled ? theme.line2 : theme.line, 1));
    if (box->buttonSymbols == QAbstractSpinBox::NoButtons)
        return;
    const auto step = [&](QStyle::SubControl part, QAbstractSpinBox::StepEnabledFlag flag) {
        const bool can = enabled && (box->stepEnabled & flag), over = can && (box->activeSubControls & part);
        drawStep(painter, style->subControlRect(QStyle::CC_SpinBox, box, part, widget), part == QStyle::SC_SpinBoxUp,
                 !can   ? theme.line2
                 : over ? theme.accent
                        : theme.text);
    };
    step(QStyle::SC_SpinBoxUp, QAbstractSpinBox::StepUpEnabled);
    step(QStyle::SC_SpinBoxDown, QAbstractSpinBox::StepDownEnabled);
}

/// Where the parts of a spin box lie: the number from 8 on, the arrows above each other in the last 24.
QRect spinBoxPart(const QRect &box, QStyle::SubControl part, bool buttons)
{
    constexpr int arrows = 24;
    const int middle = box.center().y();
    switch (part) {
    case QStyle::SC_SpinBoxUp:
        return buttons ? QRect(QPoint(box.right() - arrows, box.top() + 2), QPoint(box.right() - 1, middle)) : QRect();
    case QStyle::SC_SpinBoxDown:
        return buttons ? QRect(QPoint(box.right() - arrows, middle + 1), QPoint(box.right() - 1, box.bottom() - 2)) : QRect();
    case QStyle::SC_SpinBoxEditField: return box.adjusted(8, 2, buttons ? -arrows : -8, -2);
    default: return box;
    }
}

void drawSlider(const QStyleOptionSlider *slider, QPainter *painter, const Theme &theme, const QStyle *style, const QWidget *widget)
{
    const QRectF groove = style->subControlRect(QStyle::CC_Slider, slider, QStyle::SC_SliderGroove, widget);
    const QRectF handle = style->subControlRect(QStyle::CC_Slider, slider, QStyle::SC_SliderHandle, widget);
    const qreal middle = groove.center().y();
    const QRectF bar(groove.x(), middle - 2, groove.width(), 4);
    rounded(painter, bar, 2, theme.line, Qt::NoPen);
    rounded(painter, QRectF(bar.topLeft(), QPointF(handle.center().x(), bar.bottom())), 2, theme.accent, Qt::NoPen);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const bool focus = slider->state & QStyle::State_HasFocus;
    painter->setPen(QPen(focus ? theme.accent : theme.line2, focus ? 2 : 1));
    painter->setBrush(theme.base);
    painter->drawEllipse(QPointF(handle.center().x(), middle), 7, 7);
    painter->restore();
}

} // namespace

Style::Style()
    : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion")))
{
    setObjectName(QStringLiteral("rekey"));
}

void Style::polish(QWidget *widget)
{
    QProxyStyle::polish(widget);
    if (qobject_cast<QPushButton *>(widget) || qobject_cast<QToolButton *>(widget) || qobject_cast<QComboBox *>(widget)
        || qobject_cast<QScrollBar *>(widget) || qobject_cast<QAbstractSpinBox *>(widget))
        widget->setAttribute(Qt::WA_Hover);
}

int Style::pixelMetric(PixelMetric metric, const QStyleOption *option, const QWidget *widget) const
{
    switch (metric) {
    case PM_ButtonShiftHorizontal:
    case PM_ButtonShiftVertical:
    case PM_ToolBarFrameWidth:
    case PM_MenuBarPanelWidth:
        return 0;
    case PM_MenuBarHMargin:
        return 5;
    case PM_SplitterWidth:
        return 1;
    case PM_ScrollBarExtent:
        return scrollBarWidth;
    case PM_ScrollView_ScrollBarSpacing:
        return 0;
    case PM_IndicatorWidth:
    case PM_IndicatorHeight:
    case PM_ExclusiveIndicatorWidth:
    case PM_ExclusiveIndicatorHeight:
        return 16;
    case PM_CheckBoxLabelSpacing:
    case PM_RadioButtonLabelSpacing:
        return 8;
    case PM_SmallIconSize:
    case PM_ButtonIconSize:
        return 16;
    case PM_ToolTipLabelFrameWidth:
        return 4;
    case PM_SliderThickness:
    case PM_SliderLength:
        return 16;
    default:
        return QProxyStyle::pixelMetric(metric, option, widget);
    }
}

int Style::styleHint(StyleHint hint, const QStyleOption *option, const QWidget *widget, QStyleHintReturn *data) const
{
    switch (hint) {
    case SH_EtchDisabledText:
    case SH_DitherDisabledText:
    case SH_UnderlineShortcut:
    case SH_ScrollBar_Transient:
        return 0;
    case SH_ToolTip_WakeUpDelay:
        return 400;
    case SH_ComboBox_Popup:
    case SH_DialogButtonBox_ButtonsHaveIcons: return 0;
    default:
        return QProxyStyle::styleHint(hint, option, widget, data);
    }
}

QSize Style::sizeFromContents(ContentsType type, const QStyleOption *option, const QSize &size, const QWidget *widget) const
{
    QSize result = QProxyStyle::sizeFromContents(type, option, size, widget);
    switch (type) {
    case CT_PushButton:
        if (isLink(widget))
            return {size.width() + 4, 24};
        result = QSize(size.width() + 24, 28);
        break;
    case CT_LineEdit: result.setHeight(std::max(28, result.height())); break;
    case CT_SpinBox: result = QSize(result.width() + 8, 28); break;
    case CT_ComboBox:
        result = QSize(result.width() + 8, 28);
        break;
    case CT_MenuBarItem:
        result.setHeight(28);
        break;
    case CT_MenuItem:
        if (const auto *item = qstyleoption_cast<const QStyleOptionMenuItem *>(option);
            item != nullptr && item->menuItemType != QStyleOptionMenuItem::Separator)
            result.setHeight(std::max(28, result.height()));
        break;
    default:
        break;
    }
    return result;
}

QRect Style::subElementRect(SubElement element, const QStyleOption *option, const QWidget *widget) const
{
    if (element == SE_LineEditContents) {
        const auto *frame = qstyleoption_cast<const QStyleOptionFrame *>(option);
        if (frame != nullptr && frame->lineWidth > 0)
            return option->rect.adjusted(7, 1, -7, -1);
    }
    return QProxyStyle::subElementRect(element, option, widget);
}

QRect Style::subControlRect(ComplexControl control, const QStyleOptionComplex *option, SubControl part, const QWidget *widget) const
{
    if (control == CC_ScrollBar) {
        const auto *bar = qstyleoption_cast<const QStyleOptionSlider *>(option);
        if (bar == nullptr)
            return {};
        const bool vertical = bar->orientation == Qt::Vertical;
        const int length = vertical ? bar->rect.height() : bar->rect.width();
        const qint64 range = qint64(bar->maximum) - bar->minimum;
        int handle = length;
        if (range > 0)
            handle = std::clamp(int(qint64(bar->pageStep) * length / (range + bar->pageStep)), std::min(28, length), length);
        const int start = sliderPositionFromValue(bar->minimum, bar->maximum, bar->sliderPosition, length - handle, bar->upsideDown);
        const auto piece = [&](int begin, int end) {
            const QRect rect
                = vertical ? QRect(0, begin, bar->rect.width(), end - begin) : QRect(begin, 0, end - begin, bar->rect.height());
            return visualRect(bar->direction, bar->rect, rect);
        };
        switch (part) {
        case SC_ScrollBarGroove:
            return piece(0, length);
        case SC_ScrollBarSlider:
            return piece(start, start + handle);
        case SC_ScrollBarSubPage:
            return piece(0, start);
        case SC_ScrollBarAddPage:
            return piece(start + handle, length);
        default:
            return {};
        }
    }
    if (control == CC_ComboBox && part == SC_ComboBoxEditField)
        return option->rect.adjusted(8, 2, -28, -2);
    if (control == CC_SpinBox) {
        const auto *box = qstyleoption_cast<const QStyleOptionSpinBox *>(option);
        if (box != nullptr)
            return visualRect(box->direction, box->rect, spinBoxPart(box->rect, part, box->buttonSymbols != QAbstractSpinBox::NoButtons));
    }
    return QProxyStyle::subControlRect(control, option, part, widget);
}

void Style::drawPrimitive(PrimitiveElement element, const QStyleOption *option, QPainter *painter, const QWidget *widget) const
{
    const Theme theme = Theme::of(option->palette);
    switch (element) {
    case PE_PanelButtonCommand:
        drawButtonPanel(option, painter, widget, theme);
        return;
    case PE_PanelButtonTool:
        drawToolButtonPanel(option, painter, widget, theme);
        return;
    case PE_FrameDefaultButton:
    case PE_FrameMenu:
    case PE_PanelToolBar:
    case PE_FrameStatusBarItem:
        if (element == PE_FrameMenu)
            rounded(painter, option->rect, 0, Qt::NoBrush, QPen(theme.line, 1));
        return;
    case PE_PanelLineEdit:
        if (const auto *frame = qstyleoption_cast<const QStyleOptionFrame *>(option); frame != nullptr && frame->lineWidth > 0)
            drawLineEdit(option, painter, theme);
        return;
    case PE_FrameLineEdit:
        return;
    case PE_Frame:
        if (const auto *frame = qstyleoption_cast<const QStyleOptionFrame *>(option); frame != nullptr && frame->lineWidth > 0)
            rounded(painter, option->rect, 0, Qt::NoBrush, QPen(theme.line, 1));
        return;
    case PE_IndicatorCheckBox:
        drawCheck(option, painter, theme);
        return;
    case PE_IndicatorRadioButton:
        drawRadio(option, painter, theme);
        return;
    case PE_FrameFocusRect:
        if (qobject_cast<const QAbstractItemView *>(widget) == nullptr)
            drawFocusRing(painter, option->rect, theme, controlRadius);
        return;
    case PE_PanelTipLabel:
        painter->fillRect(option->rect, theme.raised);
        rounded(painter, option->rect, 0, Qt::NoBrush, QPen(theme.line, 1));
        return;
    default:
        QProxyStyle::drawPrimitive(element, option, painter, widget);
    }
}

void Style::drawControl(ControlElement element, const QStyleOption *option, QPainter *painter, const QWidget *widget) const
{
    const Theme theme = Theme::of(option->palette);
    switch (element) {
    case CE_PushButtonLabel: {
        const auto *button = qstyleoption_cast<const QStyleOptionButton *>(option);
        if (button == nullptr)
            break;
        QStyleOptionButton changed(*button);
        const bool enabled = option->state & State_Enabled;
        if (isLink(widget) && enabled)
            changed.palette.setColor(QPalette::ButtonText, theme.accent);
        else if (isPrimary(option, widget) && enabled)
            changed.palette.setColor(QPalette::ButtonText, theme.onAccent);
        QProxyStyle::drawControl(element, &changed, painter, widget);
        return;
    }
    case CE_MenuBarEmptyArea:
        painter->fillRect(option->rect, theme.window);
        return;
    case CE_MenuBarItem: {
        const auto *item = qstyleoption_cast<const QStyleOptionMenuItem *>(option);
        if (item == nullptr)
            break;
        painter->fillRect(option->rect, theme.window);
        if (option->state & (State_Selected | State_Sunken))
            rounded(painter, option->rect.adjusted(1, 2, -1, -2), 4, mix(theme.window, theme.text, 0.09), Qt::NoPen);
        drawItemText(painter, option->rect, Qt::AlignCenter | Qt::TextShowMnemonic | Qt::TextHideMnemonic, option->palette,
                     option->state & State_Enabled, item->text, QPalette::WindowText);
        return;
    }
    case CE_ProgressBar:
        if (const auto *bar = qstyleoption_cast<const QStyleOptionProgressBar *>(option)) {
            drawProgressBar(bar, painter, theme);
            return;
        }
        break;
    case CE_Splitter:
        painter->fillRect(option->rect, theme.line);
        return;
    case CE_ToolBar:
        return;
    case CE_ShapedFrame:
        QProxyStyle::drawControl(element, option, painter, widget);
        return;
    default:
        break;
    }
    QProxyStyle::drawControl(element, option, painter, widget);
}

void Style::drawComplexControl(ComplexControl control, const QStyleOptionComplex *option, QPainter *painter, const QWidget *widget) const
{
    const Theme theme = Theme::of(option->palette);
    if (control == CC_ScrollBar) {
        if (const auto *bar = qstyleoption_cast<const QStyleOptionSlider *>(option))
            drawScrollBar(bar, painter, theme, this, widget);
        return;
    }
    if (control == CC_ComboBox) {
        const auto *box = qstyleoption_cast<const QStyleOptionComboBox *>(option);
        if (box != nullptr && !box->editable) {
            drawComboBox(box, painter, theme);
            return;
        }
    }
    if (control == CC_SpinBox) {
        if (const auto *box = qstyleoption_cast<const QStyleOptionSpinBox *>(option)) {
            drawSpinBox(box, painter, theme, this, widget);
            return;
        }
    }
    if (control == CC_Slider) {
        const auto *slider = qstyleoption_cast<const QStyleOptionSlider *>(option);
        if (slider != nullptr && slider->orientation == Qt::Horizontal) {
            drawSlider(slider, painter, theme, this, widget);
            return;
        }
    }
    QProxyStyle::drawComplexControl(control, option, painter, widget);
}

} // namespace rekey::ui
