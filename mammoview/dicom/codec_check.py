"""Does each transfer syntax that is read really decode here?  A tiny image of each is tried.

The compressed frames were made with independent encoders (CharLS, OpenJPEG, OpenJPH, liblj92,
libjpeg-turbo) and, for the first-order predictor, by hand after ITU-T T.81 H.1.2; they hold the
same 16 x 16 pixels, JPEG baseline those above the lowest four bits.
"""

from __future__ import annotations

import base64
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, DigitalMammographyXRayImageStorageForPresentation

from mammoview.dicom.decode import decode_pixels
from mammoview.dicom.index import index_paths
from mammoview.errors import MammoviewError

_NATIVE = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.2",
)
_RLE = (
    "0ssI2KmY&$d;kCd00000000000000000000000000000000000000000000000000000000000000000@c;k-@&W"
    "$=^8)<>^#l9^_5}L`_XYX|_y+j~`3Lw1`Uv+3`w8|5{0j97{R{L9{tWXB{|)jD01ojE4*(AyEj&wFX?Ta0rL@D+;"
    "ScZt5Fju>P+4htiJ7Un!qN}m@d6VaE<Z_HYkY>6sItQk(Bky}5gaZ#OI>Jsg_okV55Uvk^8OJWDLhD9XL^Q`r4O*"
    "g(cbd^3>hstM_Xuhf|d`UwZqZh?fVHHEILS5WO9cOke{x-%-ibu2p1+bL{nmM4}g%Mu)xsZ>G=s6DLF|}Vh?bElB"
    "2D@&)Mqx3>GIiLQ@Z5a)ghetiH+H?f426Co)72P-Aa`j-jo&%-HMq3Kk+Y4?t95Zi0`TslCeA>-Yr{CJ!)0Q(<p?"
    "i<z#x%Gl=g0v8V;FFs9NYkG;8r?$n^<MIIy5Fju>P+)L*iJ7Un$=Txa"
)
_P57 = (
    "|JeV;02crO0RaI30000000000000072m}oO!vG5m01yBW0RRyI|Jncu0RR97008Iz0N=lU{rmUt-@ktS`}f`tFHc"
    "WzZ;r1oPfu@ej;}X^%hS`N!^6wV)6=8F!^_R!^7Q8X=<xFL^yd8N@bdF`Jh{I*Kf1iUxxYF;y1cyJ4=+w{&W{f-F"
    "HUdHj}I?5gUi#?qr=0?%hS`N!^6wX;N<M??(p#P<m~S5@bL2Gcs#v5J-xm<yuCd=y}mlU-VZNNPLB@{FE39{j}H$"
    "oH-pR5oAaZ?%gfW7^P|Jd&EWFp{OJDb^77{V=>F>R^LRYHIlnqQJiNU*zdAfTyxtElPfm{y4=*oIPLB@{FE@jev%"
    "9;)!^@MiySu}~%a!2r^z`=j`0DcX^!E1n>hk~D"
)
_SV1 = (
    "|JeV-01FHN5C9MX0TBTI!~i4!000005dZ)H0000000000009C61O)~M2nh-c3=Iws5dYc$2mt{A0RRAF{{WN8<nn"
    "nuo=+!}$>j2RJf2TSfnZn`1%Y5#5=#QWuq+D#z>-)az_Bb#5>aAUl8X|=u_YEIi72s0fn-?{%OY81ODu~bS!7Eri"
    "Di;J3o>D5Of1QS!pxXilM6CoFtbO2XiX-Tgwkm=v?h~FLTNObS|h-<CliUp;&C{&CliUp;&C{&M}a(^PbZVf<nnn"
    "uo=+!}$>j8S76pM|SQZ6=B(N+C0>H2=2_=F&3lhY!B^D)#D6uR{5>aAUl8Y307DbUPvL%*8vdFR}mPE41mRTdfvn"
    "Cc~!pxXVEXjqLFta8T3p98ZgwknfO(v5|LTNO#CX-2}qC5*yaX6e#CliZOaX6e#CliZQcoWIw@_9U-PbZVf<nnnu"
    "o=-=CU|1FffnZn?O9H^KEDHj_l30KL*#"
)
_LS = (
    "|JeWN03cIPNk&Eh0ssI30000G0000G3J?YX0003j0003j|L6b+00001|JeWc01FTR5C9MX0TBTI_y7$7|Nj6I07C"
    "&306_oR00;pA00000pzIxkux=THux=TJ;;}f4J~l4!LI^z$Ls5vd8YLke9T^n|2rmR=WK<lfP~}LG7DR}!g6~R|4"
    "pdoDWJrr5S|x}t1SW$JnhQcmQWS)cltB=WL!r=`??)lf$kbFZQqd67(9pv|Z*p1)XlNjYl!6)(2qB_xY8oh_iYSQ"
    "DMHEp(LmuRkNhFd}B$7!KTZX-=QkkVQN>enZV_wCrdtTSIuWQ=zuVNyBIt1ttVh9r;Oo0YH>rjCLbP2$n0tDz2gC"
    "6xLMg%Cv1qi@_7{HHuP@xD!LWL0#5TYKnRaH{zs;ZY1|Je"
)
_J2 = (
    "|4;u>04V?f0000G0000G00000000000000G0000G0000000000009dD0sm3}3;+NC0RRC61ONg5TmT0^U}$J?|6~"
    "9q00BdCWnpw>WFTUBAWv{*Zc0!^M<8}(a&u{KZXhx)H7+#&kN^q*00000&;SAdli%T35-SAVF_ko(EI4fN4g4a-T"
    "uj{LM*<l;kOL;IX-|X;_k7AeZLPF1&{xNcQRQ31Cb4;li+Q|SH=n*(EQ;JsxYQC=c+LvDxlu%fG*y~zBYgdf2*1D"
    "|ItU+uBmh1ZfHgufy)~qew)s3ZXcHi$cruU5J6WcEaU;W{RPyLs<2|M>+LR;%C=G|rFE1J(xhpZpiZ};-#I}J93X"
    "uWn6{QWecNMg(AWUMnAW(`rawNvPzSz62gi76fMAi@g*#"
)
_J8 = (
    "|JeWF01!$>Nk#wx0RR9200961|JwjV009930RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40Ra"
    "I40RaI40RaI40RaI40RaI40sp`N3kU!Z01yEI5di<h03QGV0R;g80RaI400000000000RjUA1qKHQ2?`7U!~nGr0"
    "0IF60|EpC1qB2I0004f0RjU61Q7)iAu&M)6H#FYB5@QlfsvsIBSNvk6;jdgBr{@if(Z&17Z@2DB_<~*DJnEIHa9p"
    "qIzvQ7Mn_0VN>fx-R##YAT4Q8oW@l(=YIAgTc6WGrdV_?8hKGoWijtF*m6n&7nVO=bq@|{(sHv*5v$VCgx45~w!o"
    "$SH#>dFX%F@%+)z;V8+1laa<K*S$=jiF`@$&QZ_4fDp`TGCb00;pA002J#{%-XD0Qe_x`G4X>KMP<_zJ5+W&s_1|"
    "X}|DJ@4Np15-(5rcK-nEYx{)L{{Y~f$L0S3i4puQh#vX*IsX7XG0%CX{{X=|zVG}<y+7sK{{XSC|Je"
)
_J12 = (
    "|JeWF01!$>Nk#wx0RR9200961|JwjV009930RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40Ra"
    "I40RaI40RaI40RaI40RaI40sp}O3k(1d01yEI5di<h02KfM0RR9100000000000000A4*$deClCMv0RaaB2LJ#70"
    "0000000330}%uT1_=!k69^$9BPl{iVP^l@00;pA002J#oAb-NPU?XmxV;TxE@HEMc1anUL|@Jm8%9sj1bd5lPYW*"
    "{JEqPS;*D}Pgcf@mRCMl)Xe5lZyn_z-K@|j43K9qbcgt{rmu8*X1)k#(<ZA3hHgI-y=HOMMQ70=LHME8ALJ1TAf}"
    "lSu!^_7`?LwClu12rLzQnA{)0BcS7?LBotA>FuQBKt)lih<NNB`L"
)
_HT = (
    "|4;u>04YEK0000G0000G00000000000000G0000G0000000000009pH0sl|{2mk^A000XAQUDA90ssL31q1{@0sm"
    "Y86Cj9?kdTm&kdTm&kdTmwh=~7W02crOPjF>!N>E53R%LP^FfKASE;BCwkN^q*00000`~U&}lfVEb-S!0sbN~Rr0"
    "206e695tchjaiU@dJl+0Kfnh5C8>K009^R0Rr&=g0uhvfP?@z;sJ)V00*-GzyKAn00pZ609F7<z<XE(&O<o31vZx"
    "e!hi&j0RR~UkRbpX{y>BP81$8x03ZsIGAaH*2D9n50Kfn)jsO95umB5u)dYwG61D*l6Fwn?3j}xqf&56bFrNIWp<"
    "g9jO>hc5ec=HSBM4A7E(;bW3E+(&4q%Snz}tXaJplM%1~4OnF@P*^@nyOeR4VlHn~zlio93uU<S3=0ELzf~wT(IN"
    "^6mXPhTE!suJRxIq)`F?*#"
)
_COMPRESSED = {
    "1.2.840.10008.1.2.5": _RLE,
    "1.2.840.10008.1.2.4.50": _J8,
    "1.2.840.10008.1.2.4.51": _J12,
    "1.2.840.10008.1.2.4.57": _P57,
    "1.2.840.10008.1.2.4.70": _SV1,
    "1.2.840.10008.1.2.4.80": _LS,
    "1.2.840.10008.1.2.4.81": _LS,
    "1.2.840.10008.1.2.4.90": _J2,
    "1.2.840.10008.1.2.4.91": _J2,
    "1.2.840.10008.1.2.4.201": _HT,
    "1.2.840.10008.1.2.4.202": _HT,
    "1.2.840.10008.1.2.4.203": _HT,
}
_BITS = {"1.2.840.10008.1.2.4.50": 8}  # all others 12
# Two samples are lossy: how far a value may be off.
_OFF = {"1.2.840.10008.1.2.4.50": 2, "1.2.840.10008.1.2.4.51": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecTrial:
    """One transfer syntax: its name in the standard, and why it failed (empty where it works)."""

    transfer_syntax: str
    name: str
    problem: str


def try_codecs() -> tuple[CodecTrial, ...]:
    """Write, open and decode a small mammogram in each transfer syntax that is read."""
    with tempfile.TemporaryDirectory(prefix="mammoview-") as folder:
        return tuple(_try(uid, Path(folder)) for uid in (*_NATIVE, *_COMPRESSED))


def _try(transfer_syntax: str, folder: Path) -> CodecTrial:
    uid = UID(transfer_syntax)
    try:
        problem = _problem(uid, folder / f"{transfer_syntax}.dcm")
    except MammoviewError as error:
        problem = str(error)
    return CodecTrial(transfer_syntax=transfer_syntax, name=uid.name, problem=problem)


def _problem(uid: UID, path: Path) -> str:
    _write(path, uid)
    index = index_paths([path])
    for refusal in index.refused:
        return refusal.reason
    (mammogram,) = (m for exam in index.examinations for m in exam.mammograms)
    off = decode_pixels(mammogram).astype(np.int64) - _expected(_BITS.get(uid, 12))
    if np.abs(off).max() > _OFF.get(uid, 0):
        return "decoded pixels differ from the encoded ones"
    return ""


def _expected(bits: int) -> NDArray[np.uint16]:
    """Return the pixels that every sample holds, 12 bits or fewer, no two rows alike."""
    row, col = np.mgrid[:16, :16]
    values: NDArray[np.uint16] = ((row * 16 + col) * 15 + row * col % 7).astype(np.uint16)
    return values >> np.uint16(12 - bits)


def _write(path: Path, uid: UID) -> None:
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = uid
    data.SOPClassUID = DigitalMammographyXRayImageStorageForPresentation
    data.SOPInstanceUID = f"2.25.2.{uid.rpartition('.')[2]}"
    data.StudyInstanceUID = "2.25.1"
    data.Modality = "MG"
    data.ImageLaterality, data.ViewPosition = "R", "CC"
    data.PatientOrientation = ["P", "L"]
    data.Rows = data.Columns = 16
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    bits = _BITS.get(uid, 12)
    data.BitsAllocated, data.BitsStored, data.HighBit = 8 if bits == 8 else 16, bits, bits - 1
    data.PixelRepresentation = 0
    if uid.is_compressed and not uid.is_deflated:
        data.PixelData = encapsulate([base64.b85decode(_COMPRESSED[uid])])
    else:
        data.PixelData = _expected(bits).astype("<u2" if uid.is_little_endian else ">u2").tobytes()
    data["PixelData"].VR = "OW"
    data.save_as(path, enforce_file_format=True)
